import { readFileSync } from 'node:fs';
import { getDMMF } from '@prisma/get-dmmf';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from './support/database.js';

// Both sides are written down as lines, one fact each, in PostgreSQL's own words; agreement is equality.

/** What stands in the migrations alone, because schema.prisma can't say it. */
const SQL_ONLY = [
  'extension pg_trgm',
  'check parents_email_length on parents',
  'check parents_first_name_length on parents',
  'check parents_last_name_length on parents',
  'check parents_password_is_bcrypt on parents',
  'check parents_username_length on parents',
  'check sessions_hashes_are_sha256 on sessions',
  'check children_public_name_length on children',
  'check children_public_name_shows on children',
  'check children_gender_known on children',
  'check children_name_length on children',
  'check children_profile_picture_url on children',
  'check campaigns_category_known on campaigns',
  'check campaigns_description_length on campaigns',
  'check campaigns_goal_range on campaigns',
  'check campaigns_image_url on campaigns',
  'check campaigns_title_length on campaigns',
  'check campaigns_totals_not_negative on campaigns',
  'check campaigns_totals_round_net_down on campaigns',
  'check donations_amount_range on donations',
  'check donations_comment_length on donations',
  'check donations_comment_until_of_nobody on donations',
  'check erasures_address_has_last_gift on erasures',
  'check erasures_kind_known on erasures',
  'check donations_donor_email_length on donations',
  'check donations_donor_is_parent_guest_or_gone on donations',
  'check donations_donor_name_length on donations',
  'check donations_refunded_range on donations',
  'check donations_status_known on donations',
  'check checkouts_currency_code on checkouts',
  'check checkouts_payment_intent_length on checkouts',
  'check checkouts_session_id_length on checkouts',
  'check idempotent_requests_answered_or_begun on idempotent_requests',
  'check idempotent_requests_hashes_are_sha256 on idempotent_requests',
  'check refunds_amount_range on refunds',
  'check refunds_reason_length on refunds',
  'check outbox_kind_known on outbox',
  'check refunds_status_known on refunds',
  'check refunds_stripe_id_length on refunds',
  'check stripe_events_id_length on stripe_events',
  'check email_undos_email_length on email_undos',
  'check email_undos_hash_is_sha256 on email_undos',
  'check email_codes_hash_is_sha256 on email_codes',
  'check email_codes_tries_bounded on email_codes',
  'check exchange_codes_hash_is_sha256 on exchange_codes',
  'check parents_can_sign_in on parents',
  'check parents_google_sub_length on parents',
  'check password_resets_hash_is_sha256 on password_resets',
  'check sessions_user_agent_length on sessions',
  'check spent_google_states_hash_is_sha256 on spent_google_states',
  "index outbox_changes: btree (id) WHERE (NOT (kind = ANY (ARRAY['gift_receipt'::text, 'gift_notice'::text, 'gift_returned'::text])))",
  'index parents_username_unique: UNIQUE btree (lower(username))',
  'index parents_email_unique: UNIQUE btree (lower(email))',
  'index email_undos_email: btree (lower(email))',
  'index campaigns_open_newest: btree (id) WHERE is_open',
  'index campaigns_open_category: btree (category, id) WHERE is_open',
  'index campaigns_open_most_funded: btree (total_raised, id) WHERE is_open',
  'index campaigns_open_closest_to_goal: btree (((total_raised < goal)), ' +
    '(((total_raised)::double precision / (goal)::double precision)), id) WHERE is_open',
  'index campaigns_open_ending_soon: btree (deadline, id) WHERE is_open',
  'index campaign_search_grams: gin (search_grams(text, category)) WITH (fastupdate=off) WHERE is_open',
  'index donations_counted: btree (campaign_id, date_donated, id) WHERE ' +
    "((status = 'completed'::text) AND (refunded < (amount * 100)))",
  "index donations_pending: btree (date_donated) WHERE (status = 'pending'::text)",
  'index donations_unpaid: btree (date_donated) WHERE ' +
    "(status = ANY (ARRAY['expired'::text, 'failed'::text]))",
  'index donations_guest_email: btree (lower(donor_email), id) WHERE (donor_email IS NOT NULL)',
  'index donations_guest_email_date: btree (lower(donor_email), date_donated, id) ' +
    'WHERE (donor_email IS NOT NULL)',
  'index donations_comment_until: btree (comment_until) WHERE (comment_until IS NOT NULL)',
  'index erasures_address: btree (address) WHERE (address IS NOT NULL)',
  "index refunds_pending: btree (id) WHERE (status = 'pending'::text)",
  'function blank_request',
  'function announce',
  'function announce_campaigns',
  'function announce_child',
  'function announce_donations',
  'function begin_with_no_gifts',
  'function campaign_search_text',
  'function check_donation_references',
  'function check_request_references',
  'function classify_searchable',
  'function close_when_funded',
  'function default_public_name',
  'function donation_goes_forward',
  'function donation_net',
  'function fold_case',
  'function end_sessions',
  'function forget_donor',
  'function forget_tales',
  'function keep_campaign_totals',
  'function keep_refunded',
  'function make_campaign_searchable',
  'function note_erased_campaigns',
  'function note_erased_children',
  'function note_erased_parent',
  'function refuse_missing',
  'function refuse_new_id',
  'function reclassify_searchable',
  'function rename_child_in_search',
  'function search_grams',
  'function search_terms',
  'function write_search_text',
  'function is_long_search_text',
  'function mark_to_index',
  'trigger donations_added on donations',
  'trigger donations_changed on donations',
  'trigger donations_changed_announced on donations',
  'trigger donations_donor_gone on donations',
  'trigger donations_emptied on donations',
  'trigger donations_go_forward on donations',
  'trigger donations_tales on donations',
  'trigger donations_removed on donations',
  'trigger campaigns_added_announced on campaigns',
  'trigger campaigns_begin_empty on campaigns',
  'trigger campaigns_changed_announced on campaigns',
  'trigger campaigns_funded on campaigns',
  'trigger campaigns_removed_announced on campaigns',
  'trigger campaign_search_classified on campaign_search',
  'trigger campaigns_searchable on campaigns',
  'trigger campaigns_searchable_as on campaigns',
  'trigger refunds_counted on refunds',
  'trigger children_renamed on children',
  'trigger children_renamed_announced on children',
  'trigger parents_disabled on parents',
  'trigger donations_added_refer on donations',
  'trigger donations_moved_refer on donations',
  'trigger idempotent_requests_erased on idempotent_requests',
  'trigger idempotent_requests_refer on idempotent_requests',
  'trigger campaigns_erased on campaigns',
  'trigger children_erased on children',
  'trigger parents_erased on parents',
  'trigger campaigns_keep_their_ids on campaigns',
  'trigger children_keep_their_ids on children',
  'trigger parents_keep_their_ids on parents',
];

/** Tables that a crash may empty. */
const FORGETFUL = ['rate_limits'];

const TYPES: Record<string, string> = {
  BigInt: 'bigint',
  Boolean: 'boolean',
  Bytes: 'bytea',
  DateTime: 'timestamp(3) without time zone',
  Int: 'integer',
  Json: 'jsonb',
  String: 'text',
  '@db.Date': 'date',
  '@db.SmallInt': 'smallint',
  '@db.Timestamptz': 'timestamp(%) with time zone',
  '@db.Uuid': 'uuid',
  '@db.VarChar': 'character varying(%)',
};

const ACTIONS: Record<string, string> = {
  Cascade: 'CASCADE',
  NoAction: '',
  Restrict: 'RESTRICT',
  SetDefault: 'SET DEFAULT',
  SetNull: 'SET NULL',
};

type Datamodel = Extract<ReturnType<typeof getDMMF>, { datamodel: unknown }>['datamodel'];
type Model = Datamodel['models'][number];
type Field = Model['fields'][number];

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

test('the migrated database is what schema.prisma says, and what only SQL can say, and no more', async () => {
  expect(await facts()).toEqual(declaredFacts());
});

const DRIFTS = [
  {
    drift: 'an extra table',
    sql: 'CREATE TABLE extra (id int)',
    extra: ['column extra.id integer', 'table extra'],
  },
  {
    drift: 'an extra table in a schema of its own',
    sql: 'CREATE SCHEMA apart; CREATE TABLE apart.extra ()',
    extra: ['schema apart', 'table apart.extra'],
  },
  {
    drift: 'a view',
    sql: 'CREATE VIEW seen AS SELECT 1 AS one',
    extra: ['column seen.one integer', 'view seen'],
  },
  {
    drift: 'an extra type',
    sql: `CREATE TYPE mood AS ENUM ('glad')`,
    extra: ['type mood'],
  },
  {
    drift: 'an extra sequence',
    sql: 'CREATE SEQUENCE extra_seq',
    extra: ['sequence extra_seq bigint of nothing'],
  },
  {
    drift: 'an extra column',
    sql: 'ALTER TABLE parents ADD phone text',
    extra: ['column parents.phone text'],
  },
  {
    drift: 'a lost column',
    sql: 'ALTER TABLE children DROP gender CASCADE',
    missing: ['check children_gender_known on children', 'column children.gender text'],
  },
  {
    drift: 'another type',
    sql: 'ALTER TABLE donations ALTER amount TYPE bigint',
    missing: ['column donations.amount integer NOT NULL'],
    extra: ['column donations.amount bigint NOT NULL'],
  },
  {
    drift: 'another precision of time',
    sql: 'ALTER TABLE sessions ALTER expires_at TYPE timestamptz',
    missing: ['column sessions.expires_at timestamp(3) with time zone NOT NULL'],
    extra: ['column sessions.expires_at timestamp with time zone NOT NULL'],
  },
  {
    drift: 'a column that may be null',
    sql: 'ALTER TABLE campaigns ALTER title DROP NOT NULL',
    missing: ['column campaigns.title text NOT NULL'],
    extra: ['column campaigns.title text'],
  },
  {
    drift: 'a column that may no longer be null',
    sql: 'ALTER TABLE campaigns ALTER image SET NOT NULL',
    missing: ['column campaigns.image text'],
    extra: ['column campaigns.image text NOT NULL'],
  },
  {
    drift: 'a lost default',
    sql: 'ALTER TABLE donations ALTER date_donated DROP DEFAULT',
    missing: [
      'column donations.date_donated timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP',
    ],
    extra: ['column donations.date_donated timestamp(3) with time zone NOT NULL'],
  },
  {
    drift: 'another default',
    sql: 'ALTER TABLE campaigns ALTER is_open SET DEFAULT false',
    missing: ['column campaigns.is_open boolean NOT NULL DEFAULT true'],
    extra: ['column campaigns.is_open boolean NOT NULL DEFAULT false'],
  },
  {
    drift: 'a lost sequence',
    sql: 'ALTER TABLE parents ALTER id DROP DEFAULT; DROP SEQUENCE parents_id_seq',
    missing: [
      `column parents.id integer NOT NULL DEFAULT nextval('parents_id_seq'::regclass)`,
      'sequence parents_id_seq integer of parents.id',
    ],
    extra: ['column parents.id integer NOT NULL'],
  },
  {
    drift: 'a sequence that outlives its column',
    sql: 'ALTER SEQUENCE parents_id_seq OWNED BY NONE',
    missing: ['sequence parents_id_seq integer of parents.id'],
    extra: ['sequence parents_id_seq integer of nothing'],
  },
  {
    drift: 'a lost primary key',
    sql: 'ALTER TABLE refunds DROP CONSTRAINT refunds_pkey',
    missing: ['key refunds_pkey on refunds: PRIMARY KEY (id)'],
  },
  {
    drift: 'a foreign key that deletes otherwise',
    sql: `ALTER TABLE refunds DROP CONSTRAINT refunds_donation_id_fkey,
            ADD CONSTRAINT refunds_donation_id_fkey FOREIGN KEY (donation_id) REFERENCES donations (id)
                ON UPDATE CASCADE ON DELETE SET NULL`,
    missing: [
      'key refunds_donation_id_fkey on refunds: ' +
        'FOREIGN KEY (donation_id) REFERENCES donations(id) ON UPDATE CASCADE ON DELETE CASCADE',
    ],
    extra: [
      'key refunds_donation_id_fkey on refunds: ' +
        'FOREIGN KEY (donation_id) REFERENCES donations(id) ON UPDATE CASCADE ON DELETE SET NULL',
    ],
  },
  {
    drift: 'a foreign key that updates otherwise',
    sql: `ALTER TABLE sessions DROP CONSTRAINT sessions_parent_id_fkey,
            ADD CONSTRAINT sessions_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES parents (id)
                ON DELETE CASCADE`,
    missing: [
      'key sessions_parent_id_fkey on sessions: ' +
        'FOREIGN KEY (parent_id) REFERENCES parents(id) ON UPDATE CASCADE ON DELETE CASCADE',
    ],
    extra: [
      'key sessions_parent_id_fkey on sessions: ' +
        'FOREIGN KEY (parent_id) REFERENCES parents(id) ON DELETE CASCADE',
    ],
  },
  {
    drift: 'an extra foreign key',
    sql: `ALTER TABLE donations ADD CONSTRAINT also FOREIGN KEY (amount) REFERENCES parents (id)
            NOT VALID`,
    extra: ['key also on donations: FOREIGN KEY (amount) REFERENCES parents(id) NOT VALID'],
  },
  {
    drift: 'a lost index',
    sql: 'DROP INDEX donations_donor_id_date_donated_id_idx',
    missing: ['index donations_donor_id_date_donated_id_idx: btree (donor_id, date_donated, id)'],
  },
  {
    drift: 'an index in another order',
    sql: `DROP INDEX children_parent_id_id_idx;
          CREATE INDEX children_parent_id_id_idx ON children (id, parent_id)`,
    missing: ['index children_parent_id_id_idx: btree (parent_id, id)'],
    extra: ['index children_parent_id_id_idx: btree (id, parent_id)'],
  },
  {
    drift: 'a unique index that the schema does not have',
    sql: 'CREATE UNIQUE INDEX one_each ON donations (campaign_id)',
    extra: ['index one_each: UNIQUE btree (campaign_id)'],
  },
  {
    drift: 'a lost partial index',
    sql: 'DROP INDEX campaigns_open_newest',
    missing: ['index campaigns_open_newest: btree (id) WHERE is_open'],
  },
  {
    drift: 'a lost search index',
    sql: 'DROP INDEX campaign_search_grams',
    missing: [
      'index campaign_search_grams: gin (search_grams(text, category)) WITH (fastupdate=off) WHERE is_open',
    ],
  },
  {
    drift: 'a lost CHECK',
    sql: 'ALTER TABLE donations DROP CONSTRAINT donations_amount_range',
    missing: ['check donations_amount_range on donations'],
  },
  {
    drift: 'a CHECK that is not enforced',
    sql: 'ALTER TABLE donations ADD CONSTRAINT lax CHECK (amount > 5) NOT ENFORCED',
    extra: ['check lax on donations (not enforced)'],
  },
  {
    drift: 'a lost trigger',
    sql: 'DROP TRIGGER donations_removed ON donations',
    missing: ['trigger donations_removed on donations'],
  },
  {
    drift: 'a trigger that is switched off',
    sql: 'ALTER TABLE donations DISABLE TRIGGER donations_added',
    missing: ['trigger donations_added on donations'],
    extra: ['trigger donations_added on donations (off)'],
  },
];

test.each(DRIFTS)('the comparison sees $drift', async ({ sql, missing = [], extra = [] }) => {
  const [actual, declared] = [await factsAfter(sql), declaredFacts()];
  expect(declared.filter((fact) => !actual.includes(fact))).toEqual(missing);
  expect(actual.filter((fact) => !declared.includes(fact))).toEqual(extra);
});

const SCHEMA = new URL('../prisma/schema.prisma', import.meta.url);

const CHANGES = [
  {
    change: 'a new field',
    from: '  email ',
    to: '  phone String\n  email ',
    declares: 'column parents.phone text NOT NULL',
  },
  {
    change: 'an optional field',
    from: 'title         String',
    to: 'title String?',
    declares: 'column campaigns.title text',
  },
  {
    change: 'a unique field',
    from: 'email           String',
    to: 'email String @unique',
    declares: 'index parents_email_key: UNIQUE btree (email)',
  },
  {
    change: 'a unique pair',
    from: '@@map("children")',
    to: '@@unique([parentId, name])\n@@map("children")',
    declares: 'index children_parent_id_name_key: UNIQUE btree (parent_id, name)',
  },
  {
    change: 'another deletion',
    from: 'onDelete: Cascade)',
    to: 'onDelete: Restrict)',
    declares:
      'key sessions_parent_id_fkey on sessions: FOREIGN KEY (parent_id) REFERENCES parents(id) ON UPDATE CASCADE ON DELETE RESTRICT',
  },
  {
    change: 'the usual deletion',
    from: ', onDelete: Cascade)',
    to: ')',
    declares:
      'key sessions_parent_id_fkey on sessions: FOREIGN KEY (parent_id) REFERENCES parents(id) ON UPDATE CASCADE ON DELETE RESTRICT',
  },
  {
    change: 'a new model',
    from: 'model Donation {',
    to: 'model Note {\n id BigInt @id\n}\nmodel Donation {',
    declares: 'key Note_pkey on "Note": PRIMARY KEY (id)',
  },
];

test.each(CHANGES)('schema.prisma is read whole: $change', ({ from, to, declares }) => {
  const schema = readFileSync(SCHEMA, 'utf8');
  expect(schema).toContain(from);
  expect(declaredFacts(schema.replace(from, to))).toContain(declares);
});

function declaredFacts(schema = readFileSync(SCHEMA, 'utf8')): string[] {
  const document = getDMMF({ datamodel: schema });
  if (!('datamodel' in document)) throw document.error;
  const { models, enums, indexes } = document.datamodel;
  const facts = [
    ...SQL_ONLY,
    ...enums.map(({ name, dbName }) => `type ${quoted(dbName ?? name)}`),
    ...models.flatMap((model) => [
      `table ${quoted(tableOf(model))}${FORGETFUL.includes(tableOf(model)) ? ' (not durable)' : ''}`,
      ...model.fields.flatMap((field) => fieldFacts(models, model, field)),
    ]),
    ...indexes.map((index) => indexFact(models, index)),
  ];
  return facts.sort();
}

function fieldFacts(models: Datamodel['models'], model: Model, field: Field): string[] {
  const table = tableOf(model);
  if (field.kind === 'object') {
    return field.relationFromFields?.length ? [foreignKeyFact(models, model, field)] : [];
  }
  const column = field.dbName ?? field.name;
  const sequence = quoted(`${table}_${column}_seq`);
  const isSequence = defaultFunction(field) === 'autoincrement';
  const type = typeOf(field);
  const parts = [
    `column ${quoted(table)}.${quoted(column)} ${type}`,
    field.isRequired || field.isList ? 'NOT NULL' : '',
    isSequence ? `DEFAULT nextval('${sequence}'::regclass)` : defaultOf(field),
  ];
  const owned = isSequence
    ? [`sequence ${sequence} ${type} of ${quoted(table)}.${quoted(column)}`]
    : [];
  return [parts.filter(Boolean).join(' '), ...owned];
}

function typeOf({ kind, name, type, nativeType, isList }: Field): string {
  const [native, [argument] = []] = nativeType ?? [];
  const known = kind === 'enum' ? quoted(type) : TYPES[native ? `@db.${native}` : type];
  if (known === undefined) throw new Error(`Tell this test what ${name} is in PostgreSQL.`);
  return known.replace('%', argument ?? '') + (isList ? '[]' : '');
}

function defaultFunction(field: Field): string | undefined {
  const value = field.default;
  return typeof value === 'object' && 'name' in value ? value.name : undefined;
}

function defaultOf(field: Field): string {
  if (!field.hasDefaultValue) return '';
  const value = field.default;
  if (defaultFunction(field) === 'now') return 'DEFAULT CURRENT_TIMESTAMP';
  if (typeof value === 'string' && field.type === 'String') return `DEFAULT '${value}'::text`;
  if (typeof value !== 'object') return `DEFAULT ${String(value)}`;
  throw new Error(`Tell this test what the default of ${field.name} is in PostgreSQL.`);
}

function foreignKeyFact(models: Datamodel['models'], model: Model, field: Field): string {
  const target = modelNamed(models, field.type);
  const columns = (field.relationFromFields ?? []).map((name) => columnOf(model, name));
  const targets = (field.relationToFields ?? []).map((name) => columnOf(target, name));
  const actions = [
    ['ON UPDATE', ACTIONS[field.relationOnUpdate ?? 'Cascade']],
    ['ON DELETE', ACTIONS[field.relationOnDelete ?? (field.isRequired ? 'Restrict' : 'SetNull')]],
  ].map(([when, action]) => (action ? ` ${when!} ${action}` : ''));
  const table = tableOf(model);
  return (
    `key ${table}_${columns.join('_')}_fkey on ${quoted(table)}: FOREIGN KEY (${columns.map(quoted).join(', ')}) ` +
    `REFERENCES ${quoted(tableOf(target))}(${targets.map(quoted).join(', ')})${actions.join('')}`
  );
}

function indexFact(models: Datamodel['models'], index: Datamodel['indexes'][number]): string {
  const model = modelNamed(models, index.model);
  const table = tableOf(model);
  const columns = index.fields.map(({ name }) => columnOf(model, name));
  const list = index.fields
    .map(({ sortOrder }, at) => quoted(columns[at]!) + (sortOrder === 'desc' ? ' DESC' : ''))
    .join(', ');
  if (index.type === 'id') {
    return `key ${index.dbName ?? `${table}_pkey`} on ${quoted(table)}: PRIMARY KEY (${list})`;
  }
  const isUnique = index.type === 'unique';
  const name = index.dbName ?? `${table}_${columns.join('_')}_${isUnique ? 'key' : 'idx'}`;
  const method = (index.algorithm ?? 'BTree').toLowerCase();
  return `index ${name}: ${isUnique ? 'UNIQUE ' : ''}${method} (${list})`;
}

function modelNamed(models: Datamodel['models'], name: string): Model {
  return models.find((model) => model.name === name)!;
}

function tableOf(model: Model): string {
  return model.dbName ?? model.name;
}

function columnOf(model: Model, name: string): string {
  return model.fields.find((field) => field.name === name)?.dbName ?? name;
}

/** As PostgreSQL prints a name. */
function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name}"`;
}

/** The facts with a drift that is undone at once. */
async function factsAfter(drift: string): Promise<string[]> {
  await client.query('BEGIN');
  try {
    await client.query(drift);
    return await facts();
  } finally {
    await client.query('ROLLBACK');
  }
}

/** Everything in the database that is not PostgreSQL's, an extension's, the job queue's, nor the runner's own table. */
async function facts(): Promise<string[]> {
  const { rows } = await client.query<{ fact: string }>(`
    WITH space AS (
      SELECT oid, nspname FROM pg_namespace
       WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('information_schema', 'graphile_worker')
    ), relation AS (
      SELECT c.*, c.oid::regclass::text AS name FROM pg_class c JOIN space ON space.oid = c.relnamespace
       WHERE c.oid IS DISTINCT FROM to_regclass('_prisma_migrations')
         AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = c.oid AND deptype = 'e')
    )
    SELECT 'schema ' || nspname AS fact FROM space WHERE nspname <> 'public'
    UNION ALL
    SELECT 'extension ' || extname FROM pg_extension WHERE extname <> 'plpgsql'
    UNION ALL
    SELECT CASE relkind WHEN 'r' THEN 'table ' WHEN 'v' THEN 'view ' ELSE 'relation ' END || name
           || CASE relpersistence WHEN 'p' THEN '' ELSE ' (not durable)' END
      FROM relation WHERE relkind NOT IN ('i', 'I', 'S', 'c')
    UNION ALL
    SELECT 'column ' || r.name || '.' || quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
           || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
           || CASE a.attidentity WHEN '' THEN '' ELSE ' IDENTITY' END
           || CASE a.attgenerated WHEN '' THEN '' ELSE ' GENERATED' END
           || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')
      FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE r.relkind NOT IN ('i', 'I', 'S', 'c')
    UNION ALL
    SELECT 'sequence ' || r.name || ' ' || format_type(s.seqtypid, NULL) || ' of '
           || coalesce(d.refobjid::regclass || '.' || quote_ident(a.attname), 'nothing')
      FROM relation r JOIN pg_sequence s ON s.seqrelid = r.oid
      LEFT JOIN pg_depend d ON d.objid = r.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
      LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    UNION ALL
    SELECT CASE c.contype WHEN 'c' THEN 'check ' ELSE 'key ' END || c.conname || ' on ' || r.name
           || CASE WHEN c.contype <> 'c' THEN ': ' || pg_get_constraintdef(c.oid) ELSE '' END
           || CASE WHEN NOT c.conenforced THEN ' (not enforced)'
                   WHEN c.contype = 'c' AND NOT c.convalidated THEN ' (not valid)' ELSE '' END
      FROM pg_constraint c JOIN relation r ON r.oid = c.conrelid WHERE c.contype NOT IN ('n', 't')
    UNION ALL
    SELECT 'index ' || r.relname || ': ' || CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END
           || split_part(pg_get_indexdef(r.oid), ' USING ', 2)
           || CASE WHEN i.indisvalid THEN '' ELSE ' (not valid)' END
      FROM relation r JOIN pg_index i ON i.indexrelid = r.oid
     WHERE i.indrelid IN (SELECT oid FROM relation)
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND contype IN ('p', 'u', 'x'))
    UNION ALL
    SELECT 'trigger ' || t.tgname || ' on ' || r.name || CASE t.tgenabled WHEN 'O' THEN '' ELSE ' (off)' END
      FROM pg_trigger t JOIN relation r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
    UNION ALL
    SELECT 'function ' || p.proname FROM pg_proc p JOIN space ON space.oid = p.pronamespace
     WHERE NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e')
    UNION ALL
    SELECT 'type ' || t.oid::regtype FROM pg_type t JOIN space ON space.oid = t.typnamespace
     WHERE t.typtype IN ('e', 'd', 'r') OR EXISTS (
           SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c')`);
  return rows.map(({ fact }) => fact).sort();
}
