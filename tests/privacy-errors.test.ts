import { afterEach, beforeAll, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { guestGift, openJar, yearsAgo } from './support/factories.js';

const api = useApi();

const SECRETS = ['zq-user', 'zq@mail.example', 'zq-last', 'zq-password', 'zq-name', 'zq-picture'];

let jar: Awaited<ReturnType<typeof openJar>>;
beforeAll(async () => {
  jar = await openJar(api);
});

const person = (unique: string) => ({
  username: `zq-user${unique}`,
  email: `${unique}zq@mail.example`,
  last_name: 'zq-last',
  password: 'zq-password',
});
const CHILD = {
  name: 'Mia zq-name',
  date_of_birth: yearsAgo(5),
  profile_picture: 'https://pictures.example/zq-picture.jpg',
};
const GIFT = guestGift({ donor_name: 'zq-name', donor_email: 'zq@mail.example' });

/** Writes of what is private, by Prisma and by statements of ours, and a column each of them writes. */
const WRITES = {
  'a registration': {
    column: ['parents', 'last_name'],
    call: (unique: string) => api.post('/parents/', person(unique)),
  },
  'a change of a parent': {
    column: ['parents', 'last_name'],
    call: (unique: string) => {
      const { username, email, last_name } = person(unique);
      return api.put('/parents/me/', { username, email, last_name }, jar.parent.access);
    },
  },
  'a new child': {
    column: ['children', 'name'],
    call: () => api.post('/parents/me/children/', CHILD, jar.parent.access),
  },
  'a change of a child': {
    column: ['children', 'name'],
    call: () => api.put(`/children/${jar.child.id}/`, CHILD, jar.parent.access),
  },
  'a gift': {
    column: ['donations', 'donor_email'],
    call: () => api.post(`/campaigns/${jar.campaign.id}/donations/`, GIFT),
  },
} as const;

/** Stores what the writes above then repeat. */
const FIRST = {
  parents: () => WRITES['a registration'].call('first'),
  children: () => WRITES['a new child'].call(),
  donations: () => WRITES['a gift'].call(),
};

interface Sabotage {
  sqlState: string;
  harm: (table: string, column: string) => string;
  mend: (table: string, column: string) => string;
}

/** Ways for a statement to fail with an error that quotes what it was to write. */
const SABOTAGES: Record<string, Sabotage> = {
  'a CHECK whose breach quotes the row': {
    sqlState: '23514',
    harm: (table) => `ALTER TABLE ${table} ADD CONSTRAINT sabotage CHECK (id < 0) NOT VALID`,
    mend: (table) => `ALTER TABLE ${table} DROP CONSTRAINT sabotage`,
  },
  'a trigger that quotes the row on several lines': {
    sqlState: 'P0001',
    harm: (table) => `
      CREATE FUNCTION sabotage() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION E'refused\\n    at %', NEW USING DETAIL = NEW::text, HINT = NEW::text; END $$;
      CREATE TRIGGER sabotage BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION sabotage()`,
    mend: () => 'DROP FUNCTION sabotage CASCADE',
  },
  'a unique index that quotes the key': {
    sqlState: '23505',
    harm: (table, column) =>
      `CREATE UNIQUE INDEX sabotage ON ${table} ((right(${column}, 5))) WHERE ${column} LIKE '%zq%'`,
    mend: () => 'DROP INDEX sabotage',
  },
  'a column that is too short': {
    sqlState: '22001',
    harm: (table, column) => `ALTER TABLE ${table} ADD COLUMN sabotage varchar(2)
      GENERATED ALWAYS AS (CASE WHEN ${column} LIKE '%zq%' THEN ${column} END) STORED`,
    mend: (table) => `ALTER TABLE ${table} DROP COLUMN sabotage`,
  },
  'a column that is gone': {
    sqlState: '42703',
    harm: (table, column) => `ALTER TABLE ${table} RENAME COLUMN ${column} TO sabotage`,
    mend: (table, column) => `ALTER TABLE ${table} RENAME COLUMN sabotage TO ${column}`,
  },
};

let mend = '';
afterEach(async () => {
  await api.database.sql(`${mend};
    DELETE FROM donations;
    DELETE FROM children WHERE id <> ${jar.child.id};
    DELETE FROM parents WHERE id <> ${jar.parent.id};
    UPDATE children SET name = 'Mia Sommer';
    UPDATE parents SET last_name = ''`);
});

const CASES = Object.keys(SABOTAGES).flatMap((way) =>
  Object.keys(WRITES).map((write) => [way, write]),
);

test.each(CASES)('%s stays unquoted when %s fails', async (way, write) => {
  const { column, call } = WRITES[write as keyof typeof WRITES];
  const { sqlState, harm, mend: undo } = SABOTAGES[way]!;
  const [table, name] = column;
  mend = undo(table, name);
  if (sqlState === '23505') await FIRST[table]().expect(201);
  await api.database.sql(harm(table, name));
  const before = api.logged.length;

  const { status, text, headers } = await call('second');
  expect(status, text).toBe(500);
  expect(JSON.parse(text)).toEqual({
    detail: 'Something went wrong on our side.',
    code: 'internal_error',
  });
  const logged = api.logged.slice(before).join('');
  const entry = api.logged.slice(before).find((line) => line.includes('"request failed"'));
  expect(JSON.parse(entry!)).toMatchObject({ id: headers['x-request-id'], level: 50 });
  expect(logged).toContain(sqlState);
  for (const secret of SECRETS)
    expect(`${text}${JSON.stringify(headers)}${logged}`).not.toContain(secret);
});
