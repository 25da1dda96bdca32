import { randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, beforeEach } from 'vitest';
import { createTestDatabase, type TestDatabase } from './support/database.js';

// Nothing of the program runs here: whatever writes to the database, these rules hold.

type Fields = Record<string, unknown>;

/** One code point, two UTF-16 units, four bytes. */
const EMOJI = '🎻';
const HASH = `$2b$12$${'aB3./'.repeat(11).slice(0, 53)}`;

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function insert(table: string, fields: Fields, key = 'id'): Promise<number> {
  const places = Object.keys(fields).map((_, index) => `$${index + 1}`);
  const [row] = await database.sql<{ id: number }>(
    `INSERT INTO ${table} (${Object.keys(fields).join()}) VALUES (${places.join()}) RETURNING ${key} AS id`,
    Object.values(fields),
  );
  return row!.id;
}

function addParent(fields: Fields = {}): Promise<number> {
  const name = randomUUID();
  const email = `${name}@example.com`;
  return insert('parents', { username: name, email, password_hash: HASH, ...fields });
}

async function addSession(fields: Fields = {}): Promise<number> {
  const parent_id = fields['parent_id'] ?? (await addParent());
  const times = { rotated_at: '2026-03-01', expires_at: '2026-03-08' };
  return insert('sessions', { ...times, ...fields, parent_id });
}

/** A row of a table that belongs to a parent and remembers something secret by its hash. */
function addSecret(table: string, secret: Fields, ofParent = true) {
  return async (fields: Fields = {}): Promise<number> => {
    const owner = ofParent ? { parent_id: await addParent() } : {};
    return insert(table, { ...owner, expires_at: '2026-03-08', ...secret, ...fields }, '1');
  };
}

const HASH_LENGTHS = [0, 31, 33].map((length) => Buffer.alloc(length));
const addEmailUndo = (undo: Fields) =>
  addSecret('email_undos', {
    email: 'old@example.com',
    verified_at: '2026-03-01',
    nonce: randomBytes(32),
    token_hash: sha256(),
  })(undo);
const addEmailCode = addSecret('email_codes', { nonce: randomBytes(32), code_hash: sha256() });

function sha256(): Buffer {
  return randomBytes(32);
}

async function addChild(fields: Fields = {}): Promise<number> {
  const parent_id = fields['parent_id'] ?? (await addParent());
  const child = { name: 'Mia Sommer', public_name: 'Mia', date_of_birth: '2018-05-01' };
  return insert('children', { ...child, ...fields, parent_id });
}

async function addCampaign(fields: Fields = {}): Promise<number> {
  const child_id = fields['child_id'] ?? (await addChild());
  const campaign = { title: 'A violin', description: 'Of wood', goal: 400, category: 'hobbies' };
  return insert('campaigns', { ...campaign, ...fields, child_id });
}

/** A campaign whose totals are set once it is there: it begins with none, whatever it is added with. */
async function addCampaignWithTotals(totals: Fields): Promise<number> {
  const id = await addCampaign();
  const changes = Object.keys(totals).map((column, index) => `${column} = $${index + 2}`);
  const set = ['id = id', ...changes].join();
  await database.sql(`UPDATE campaigns SET ${set} WHERE id = $1`, [id, ...Object.values(totals)]);
  return id;
}

/** A guest's gift, unless a donor is named. */
function addGift(fields: Fields = {}): Promise<number> {
  const guest = 'donor_id' in fields ? {} : { donor_email: 'kate@example.org' };
  return insert('donations', { amount: 25, donor_name: 'Kate', ...guest, ...fields });
}

async function addCheckout(fields: Fields = {}): Promise<number> {
  const donation_id = await addGift({ status: 'pending' });
  const checkout = { session_id: randomUUID(), currency: 'usd', asked_at: '2026-03-01' };
  return insert('checkouts', { ...checkout, ...fields, donation_id }, 'donation_id');
}

async function addRefund(fields: Fields = {}): Promise<number> {
  const donation_id = fields['donation_id'] ?? (await addGift({ amount: 100_000 }));
  return insert('refunds', { amount: 100, status: 'succeeded', ...fields, donation_id });
}

/** A request that was answered, unless told otherwise. */
function addRequest(fields: Fields = {}): Promise<number> {
  const hashes = { scope: sha256(), body_hash: sha256() };
  const answered = { route: 'POST /x/', status: 201, answer: '{}' };
  return insert('idempotent_requests', { ...hashes, ...answered, ...fields }, '1');
}

let subject = 1_000_000;

function addErasure(fields: Fields = {}): Promise<number> {
  subject += 1;
  return insert('erasures', { subject_id: subject, ...fields }, 'subject_id');
}

interface Rule {
  promise: string;
  constraint: string;
  add: (fields: Fields) => Promise<number>;
  accepted: Fields[];
  refused: Fields[];
}

/** Text of a column: from so many to so many code points. */
function lengthRule(
  promise: string,
  constraint: string,
  add: Rule['add'],
  [column, least, most]: [string, number, number],
  start = '',
): Rule {
  const text = (length: number) => start + EMOJI.repeat(length - start.length);
  const tooShort = least > 0 ? [{ [column]: text(least - 1) }] : [];
  return {
    promise: `${promise} has ${least} to ${most} characters, an emoji counted as one`,
    constraint,
    add,
    accepted: [{ [column]: text(least) }, { [column]: text(most) }],
    refused: [...tooShort, { [column]: text(most + 1) }],
  };
}

function urlRule(promise: string, constraint: string, add: Rule['add'], column: string): Rule {
  const start = 'https://example.com/';
  const values = (urls: (string | null)[]) => urls.map((url) => ({ [column]: url }));
  return {
    promise: `${promise} is an http or https address of at most 2048 characters, or none`,
    constraint,
    add,
    accepted: values([
      null,
      'http://a.example',
      'HTTPS://A.EXAMPLE/B',
      start + EMOJI.repeat(2048 - start.length),
    ]),
    refused: values([
      '',
      'a.example',
      'ftp://a.example',
      'javascript:alert(1)//http://a.example',
      ' https://a.example',
      'x\nhttps://a.example',
      start + EMOJI.repeat(2049 - start.length),
    ]),
  };
}

const addNamed = ({ name }: Fields) => addChild({ name, public_name: 'Mia' });

const RULES: Rule[] = [
  lengthRule('a username', 'parents_username_length', addParent, ['username', 3, 150]),
  lengthRule('an email', 'parents_email_length', addParent, ['email', 3, 254]),
  lengthRule('a first name', 'parents_first_name_length', addParent, ['first_name', 0, 150]),
  lengthRule('a last name', 'parents_last_name_length', addParent, ['last_name', 0, 150]),
  {
    promise: 'a password is stored as a bcrypt hash and nothing else',
    constraint: 'parents_password_is_bcrypt',
    add: addParent,
    accepted: ['$2a$', '$2b$', '$2y$'].map((kind) => ({ password_hash: kind + HASH.slice(4) })),
    refused: [
      '',
      'correct horse battery',
      HASH.slice(0, -1),
      `${HASH}a`,
      `${HASH}\n`,
      ` ${HASH}`,
      `$2x$${HASH.slice(4)}`,
      `$1$${HASH.slice(4)}`,
      `${HASH.slice(0, -1)} `,
      `${HASH.slice(0, 7)}${EMOJI.repeat(53)}`,
      '0'.repeat(60),
    ].map((password_hash) => ({ password_hash })),
  },
  {
    promise: 'a parent can sign in by one way at least',
    constraint: 'parents_can_sign_in',
    add: addParent,
    accepted: [{}, { password_hash: null, google_sub: randomUUID() }],
    refused: [{ password_hash: null }],
  },
  lengthRule("Google's name for a person", 'parents_google_sub_length', addParent, [
    'google_sub',
    1,
    255,
  ]),
  lengthRule('what a device calls itself', 'sessions_user_agent_length', addSession, [
    'user_agent',
    0,
    300,
  ]),
  {
    promise: 'a code for an address is stored as its hash',
    constraint: 'email_codes_hash_is_sha256',
    add: addEmailCode,
    accepted: [{}],
    refused: HASH_LENGTHS.map((code_hash) => ({ code_hash })),
  },
  {
    promise: 'a link that undoes a change of the address is stored as its hash',
    constraint: 'email_undos_hash_is_sha256',
    add: addEmailUndo,
    accepted: [{}],
    refused: HASH_LENGTHS.map((token_hash) => ({ token_hash })),
  },
  {
    promise: 'an address that was left is one',
    constraint: 'email_undos_email_length',
    add: addEmailUndo,
    accepted: [{ email: 'a@b' }, { email: 'x'.repeat(254) }],
    refused: [{ email: '' }, { email: 'x'.repeat(255) }],
  },
  {
    promise: 'a code is tried five times at most',
    constraint: 'email_codes_tries_bounded',
    add: addEmailCode,
    accepted: [{ tries: 0 }, { tries: 5 }],
    refused: [{ tries: -1 }, { tries: 6 }],
  },
  {
    promise: 'a link to set a password is stored as its hash',
    constraint: 'password_resets_hash_is_sha256',
    add: (fields: Fields) =>
      addSecret('password_resets', { nonce: randomBytes(32), token_hash: sha256() })(fields),
    accepted: [{}],
    refused: HASH_LENGTHS.map((token_hash) => ({ token_hash })),
  },
  {
    promise: 'a state of Google sign-in is stored as its hash',
    constraint: 'spent_google_states_hash_is_sha256',
    add: (fields: Fields) =>
      addSecret('spent_google_states', { state_hash: sha256() }, false)(fields),
    accepted: [{}],
    refused: HASH_LENGTHS.map((state_hash) => ({ state_hash })),
  },
  {
    promise: 'an exchange code is stored as its hash',
    constraint: 'exchange_codes_hash_is_sha256',
    add: (fields: Fields) => addSecret('exchange_codes', { code_hash: sha256() })(fields),
    accepted: [{}],
    refused: HASH_LENGTHS.map((code_hash) => ({ code_hash })),
  },
  {
    promise: 'a refresh token is stored as its SHA-256, or not at all',
    constraint: 'sessions_hashes_are_sha256',
    add: addSession,
    accepted: [
      {},
      { token_hash: Buffer.alloc(32) },
      { spent_token_hash: Buffer.alloc(32) },
      { token_hash: Buffer.alloc(32), spent_token_hash: Buffer.alloc(32) },
    ],
    refused: [0, 31, 33].flatMap((length) => [
      { token_hash: Buffer.alloc(length) },
      { spent_token_hash: Buffer.alloc(length) },
      { token_hash: Buffer.alloc(32), spent_token_hash: Buffer.alloc(length) },
    ]),
  },
  lengthRule("a child's name", 'children_name_length', addNamed, ['name', 2, 100]),
  lengthRule('a public name', 'children_public_name_length', addChild, ['public_name', 1, 50]),
  {
    promise: 'a public name begins and ends with ink',
    constraint: 'children_public_name_shows',
    add: addChild,
    accepted: ['M', 'Mia Lou', 'Mia\u200dLou', 'Mia ❤\ufe0f', 'شهرام', '葛\u{e0100}', 'ക്\u200d']
      .concat('\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}', 'a\u202ab\u202c')
      .map((public_name) => ({ public_name })),
    refused: Array.from(
      ' \n\u0085\u00a0\u00ad\u034f\u115f\u1160\u17b4\u180e\u200b\u2028\u2060\u2800\u3000',
    )
      .concat(Array.from('\u3164\ufe0f\ufeff\uffa0\ufffc\u{1d159}\u{e0020}'))
      .flatMap((blank) => [blank, `${blank}Mia`, `Mia ${blank}`])
      .map((public_name) => ({ public_name })),
  },
  {
    promise: 'a gender is one of the three, or none',
    constraint: 'children_gender_known',
    add: addChild,
    accepted: [null, 'male', 'female', 'prefer not to say'].map((gender) => ({ gender })),
    refused: ['', 'Male', 'other', 'male '].map((gender) => ({ gender })),
  },
  urlRule('a profile picture', 'children_profile_picture_url', addChild, 'profile_picture'),
  lengthRule('a title', 'campaigns_title_length', addCampaign, ['title', 1, 200]),
  lengthRule('a description', 'campaigns_description_length', addCampaign, [
    'description',
    1,
    10_000,
  ]),
  {
    promise: 'a goal is 1 to 100000',
    constraint: 'campaigns_goal_range',
    add: addCampaign,
    accepted: [1, 100_000].map((goal) => ({ goal })),
    refused: [0, -1, 100_001, -(2 ** 31), 2 ** 31 - 1].map((goal) => ({ goal })),
  },
  {
    promise: 'a category is one of the five',
    constraint: 'campaigns_category_known',
    add: addCampaign,
    accepted: ['sports', 'education', 'hobbies', 'health', 'dreams'].map((one) => ({
      category: one,
    })),
    refused: ['', 'Sports', 'sports ', 'other'].map((category) => ({ category })),
  },
  urlRule('an image', 'campaigns_image_url', addCampaign, 'image'),
  {
    promise: 'totals are never negative',
    constraint: 'campaigns_totals_not_negative',
    add: addCampaignWithTotals,
    accepted: [{}],
    refused: [{ total_raised: -1 }, { donation_count: -1 }],
  },
  {
    promise: 'what is shown as raised is the net in minor units, rounded down',
    constraint: 'campaigns_totals_round_net_down',
    add: addCampaignWithTotals,
    accepted: [
      { net_raised: 99 },
      { total_raised: 1, net_raised: 100 },
      { total_raised: 1, net_raised: 199 },
    ],
    refused: [
      { net_raised: 100 },
      { total_raised: 1 },
      { total_raised: 1, net_raised: 99 },
      { total_raised: 1, net_raised: 200 },
      { net_raised: -1 },
    ],
  },
  {
    promise: 'a gift has one of four states',
    constraint: 'donations_status_known',
    add: addGift,
    accepted: ['pending', 'completed', 'failed', 'expired'].map((status) => ({ status })),
    refused: ['', 'Completed', 'refunded'].map((status) => ({ status })),
  },
  {
    promise: 'no more goes back than was given',
    constraint: 'donations_refunded_range',
    add: addGift,
    accepted: [{ refunded: 0 }, { refunded: 2_500 }],
    refused: [{ refunded: -1 }, { refunded: 2_501 }],
  },
  lengthRule("a session's id", 'checkouts_session_id_length', addCheckout, ['session_id', 1, 255]),
  {
    promise: 'a currency is three small letters',
    constraint: 'checkouts_currency_code',
    add: addCheckout,
    accepted: [{ currency: 'eur' }],
    refused: ['', 'EUR', 'euro', 'e1r'].map((currency) => ({ currency })),
  },
  lengthRule("a payment's id", 'checkouts_payment_intent_length', addCheckout, [
    'payment_intent',
    1,
    255,
  ]),
  {
    promise: 'a refund is of one cent to the largest gift',
    constraint: 'refunds_amount_range',
    add: addRefund,
    accepted: [1, 10_000_000].map((amount) => ({ amount })),
    refused: [0, -1, 10_000_001].map((amount) => ({ amount })),
  },
  {
    promise: 'a refund has one of three states',
    constraint: 'refunds_status_known',
    add: addRefund,
    accepted: ['pending', 'succeeded', 'failed'].map((status) => ({ status })),
    refused: ['', 'completed'].map((status) => ({ status })),
  },
  {
    promise: 'a row of the outbox is of a known kind',
    constraint: 'outbox_kind_known',
    add: (fields) => insert('outbox', { subject: 1, ...fields }, 'subject'),
    accepted: ['campaign', 'page', 'gifts', 'all', 'gift_notice'].map((kind) => ({ kind })),
    refused: ['', 'gift'].map((kind) => ({ kind })),
  },
  lengthRule('a reason', 'refunds_reason_length', addRefund, ['reason', 0, 200]),
  lengthRule("a refund's id at Stripe", 'refunds_stripe_id_length', addRefund, [
    'stripe_id',
    1,
    255,
  ]),
  lengthRule(
    "an event's id",
    'stripe_events_id_length',
    (fields) => insert('stripe_events', fields, '1'),
    ['id', 1, 255],
  ),
  {
    promise: 'a request and its body are known by SHA-256',
    constraint: 'idempotent_requests_hashes_are_sha256',
    add: addRequest,
    accepted: [{}],
    refused: HASH_LENGTHS.flatMap((hash) => [{ scope: hash }, { body_hash: hash }]),
  },
  {
    promise: 'a request was answered, or a gift was begun for it',
    constraint: 'idempotent_requests_answered_or_begun',
    add: async ({ gift, ...fields }) =>
      addRequest({ donation_id: gift ? await addGift({ status: 'pending' }) : null, ...fields }),
    accepted: [{}, { gift: true }, { gift: true, status: null, answer: null }],
    refused: [{ status: null }, { answer: null }, { status: null, answer: null }],
  },
  {
    promise: 'an amount is 1 to 100000',
    constraint: 'donations_amount_range',
    add: addGift,
    accepted: [1, 100_000].map((amount) => ({ amount })),
    refused: [0, -1, 100_001, -(2 ** 31), 2 ** 31 - 1].map((amount) => ({ amount })),
  },
  lengthRule('a comment', 'donations_comment_length', addGift, ['comment', 0, 200]),
  lengthRule("a donor's name", 'donations_donor_name_length', addGift, ['donor_name', 1, 150]),
  lengthRule("a donor's email", 'donations_donor_email_length', addGift, ['donor_email', 3, 254]),
  {
    promise: 'a donor is a parent with a name, a guest with name and email, or gone with neither',
    constraint: 'donations_donor_is_parent_guest_or_gone',
    add: async ({ parent, ...fields }) =>
      addGift({ donor_id: parent ? await addParent() : null, ...fields }),
    accepted: [
      { parent: true },
      { donor_email: 'kate@example.org' },
      { donor_name: null, donor_email: null },
    ],
    refused: [
      { parent: true, donor_name: null },
      { parent: true, donor_email: 'kate@example.org' },
      { parent: true, donor_name: null, donor_email: 'kate@example.org' },
      { donor_email: null },
      { donor_name: null, donor_email: 'kate@example.org' },
    ],
  },
  {
    promise: 'a comment is kept for a while only of an anonymous donation whose donor is gone',
    constraint: 'donations_comment_until_of_nobody',
    add: (fields) => addGift({ comment_until: '2026-03-01', ...fields }),
    accepted: [
      { anonymous: true, donor_name: null, donor_email: null, comment: 'Play!' },
      { comment_until: null },
    ],
    refused: [
      { anonymous: true, comment: 'Play!' },
      { donor_name: null, donor_email: null, comment: 'Play!' },
      { anonymous: true, donor_name: null, donor_email: null },
    ],
  },
  {
    promise: 'what was deleted is a campaign, a child or a parent',
    constraint: 'erasures_kind_known',
    add: addErasure,
    accepted: ['campaign', 'child', 'parent'].map((kind) => ({ kind })),
    refused: [{ kind: 'donation' }],
  },
  {
    promise: 'an address that is to be erased is a parent’s, up to a last donation',
    constraint: 'erasures_address_has_last_gift',
    add: addErasure,
    accepted: [{ kind: 'parent', address: 'kate@example.org', last_gift: 3 }],
    refused: [
      { kind: 'parent', address: 'kate@example.org' },
      { kind: 'child', address: 'kate@example.org', last_gift: 3 },
    ],
  },
];

describe('what may be stored', () => {
  test.each(RULES)('$promise', async ({ constraint, add, accepted, refused }) => {
    for (const fields of accepted) {
      await expect(add(fields), JSON.stringify(fields)).resolves.toEqual(expect.any(Number));
    }
    for (const fields of refused) {
      await expect(add(fields), JSON.stringify(fields)).rejects.toMatchObject({ constraint });
    }
  });

  test('every CHECK is among the rules tried here', async () => {
    const checks = await database.sql<{ conname: string }>(
      `SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace`,
    );
    const tried = RULES.map(({ constraint }) => constraint);
    expect(checks.map(({ conname }) => conname).sort()).toEqual(tried.sort());
  });

  test.each(RULES)('$constraint holds for changes as for new rows', async ({ constraint }) => {
    const [check] = await database.sql<{ valid: boolean; enforced: boolean }>(
      `SELECT convalidated AS valid, conenforced AS enforced FROM pg_constraint WHERE conname = $1`,
      [constraint],
    );
    expect(check).toEqual({ valid: true, enforced: true });
  });

  test.each([
    { what: 'a goal', column: 'goal', add: addCampaign },
    { what: 'an amount', column: 'amount', add: addGift },
  ])('$what is a whole number that fits', async ({ column, add }) => {
    await expect(add({ [column]: 2 ** 31 })).rejects.toMatchObject({ code: '22003' });
    await expect(add({ [column]: 1.5 })).rejects.toMatchObject({ code: '22P02' });
  });
});

describe('who may share a name', () => {
  test.each([
    ['username', 'Élodie Ñandú', 'éLODIE ñANDÚ'],
    ['username', 'ЖЕНЯ', 'женя'],
    ['email', 'Zoë.Åse@Example.com', 'ZOË.åSE@example.COM'],
  ])('nobody: a taken %s is taken in any case', async (column, first, second) => {
    const constraint = `parents_${column}_unique`;
    const id = await addParent({ [column]: first });
    await expect(addParent({ [column]: first })).rejects.toMatchObject({ constraint });
    await expect(addParent({ [column]: second })).rejects.toMatchObject({ constraint });
    const other = await addParent();
    const change = `UPDATE parents SET ${column} = $1 WHERE id = $2`;
    await expect(database.sql(change, [second, other])).rejects.toMatchObject({ constraint });
    await database.sql(change, [second, id]);
  });

  test('an accent makes another name', async () => {
    await addParent({ username: 'Renée' });
    await addParent({ username: 'Renee' });
  });

  test('a deleted account frees its username and email', async () => {
    const names = { username: 'Phoenix', email: 'phoenix@example.com' };
    const id = await addParent(names);
    await database.sql('DELETE FROM parents WHERE id = $1', [id]);
    await addParent({ username: 'PHOENIX', email: 'PHOENIX@example.com' });
  });
});

interface Gift {
  campaign_id: number | null;
  donor_id: number | null;
  amount: number;
  donor_name: string | null;
  donor_email: string | null;
  comment: string;
  anonymous: boolean;
}

async function giftWith(id: number): Promise<Gift | undefined> {
  const [gift] = await database.sql<Gift>(
    `SELECT campaign_id, donor_id, amount, donor_name, donor_email, comment, anonymous
       FROM donations WHERE id = $1`,
    [id],
  );
  return gift;
}

async function count(table: string, column: string, id: number): Promise<number> {
  const [row] = await database.sql<{ count: number }>(
    `SELECT count(*)::int AS count FROM ${table} WHERE ${column} = $1`,
    [id],
  );
  return row!.count;
}

/** What the program's job does for donations of what is no more. */
async function detach(): Promise<void> {
  await database.sql(
    'UPDATE donations SET campaign_id = NULL WHERE campaign_id NOT IN (SELECT id FROM campaigns)',
  );
  await database.sql(
    'UPDATE donations SET donor_id = NULL WHERE donor_id NOT IN (SELECT id FROM parents)',
  );
}

const listed = (kind: string, id: number) =>
  database.sql('SELECT kind FROM erasures WHERE kind = $1 AND subject_id = $2', [kind, id]);

describe('what a deletion leaves', () => {
  test('is listed for the job, whoever deletes; what nothing refers to is not', async () => {
    const parent_id = await addParent();
    const child_id = await addChild({ parent_id });
    const given = await addCampaign({ child_id });
    const bare = await addCampaign({ child_id });
    const gift = await addGift({ campaign_id: given, donor_id: parent_id });
    await database.sql('DELETE FROM parents WHERE id = $1', [parent_id]);
    expect(await giftWith(gift)).toMatchObject({ campaign_id: given, donor_id: parent_id });
    expect(await listed('parent', parent_id)).toHaveLength(1);
    expect(await listed('campaign', given)).toHaveLength(1);
    expect(await listed('campaign', bare)).toEqual([]);
    expect(await listed('child', child_id)).toEqual([]);
  });

  test('no donation can be given to, or by, what is no more', async () => {
    const campaign_id = await addCampaign();
    const donor_id = await addParent();
    const gift = await addGift({ campaign_id, donor_id });
    await database.sql('DELETE FROM campaigns WHERE id = $1', [campaign_id]);
    await database.sql('DELETE FROM parents WHERE id = $1', [donor_id]);
    const toGone = { constraint: 'donations_campaign_id_fkey', code: '23503' };
    const byGone = { constraint: 'donations_donor_id_fkey', code: '23503' };
    await expect(addGift({ campaign_id })).rejects.toMatchObject(toGone);
    await expect(addGift({ donor_id })).rejects.toMatchObject(byGone);
    await detach();
    const set = (change: string, id: number) =>
      database.sql(`UPDATE donations SET ${change} WHERE id = $2`, [id, gift]);
    await expect(set('campaign_id = $1', campaign_id)).rejects.toMatchObject(toGone);
    await expect(set("donor_id = $1, donor_name = 'Kate'", donor_id)).rejects.toMatchObject(byGone);
  });

  test.each([
    ['campaigns', addCampaign],
    ['children', addChild],
    ['parents', addParent],
  ])('the id of one of the %s never changes', async (table, add) => {
    const constraint = `${table}_keep_their_ids`;
    const change = database.sql(`UPDATE ${table} SET id = -id WHERE id = $1`, [await add()]);
    await expect(change).rejects.toMatchObject({ constraint });
  });

  test('the comment of an anonymous donation may be kept until a moment, that of a named one may not', async () => {
    const donor_id = await addParent();
    const named = await addGift({ donor_id, comment: 'Play!' });
    const anonymous = await addGift({ donor_id, comment: 'Play!', anonymous: true });
    await database.sql(
      `UPDATE donations SET donor_id = NULL, comment_until = now() + interval '1 hour' WHERE donor_id = $1`,
      [donor_id],
    );
    expect(await giftWith(named)).toMatchObject({ donor_name: null, comment: '' });
    expect(await giftWith(anonymous)).toMatchObject({ donor_name: null, comment: 'Play!' });
    const kept = database.sql('UPDATE donations SET comment_until = now() WHERE id = $1', [named]);
    await expect(kept).rejects.toMatchObject({ constraint: 'donations_comment_until_of_nobody' });
  });

  test('a deleted campaign leaves its gifts as they are, belonging to none', async () => {
    const campaign_id = await addCampaign();
    const donor_id = await addParent();
    const own = await addGift({ campaign_id, donor_id, comment: 'Play!', anonymous: true });
    const guests = await addGift({ campaign_id, comment: 'Good luck' });
    await database.sql('DELETE FROM campaigns WHERE id = $1', [campaign_id]);
    await detach();
    expect(await giftWith(own)).toEqual({
      campaign_id: null,
      donor_id,
      amount: 25,
      donor_name: 'Kate',
      donor_email: null,
      comment: 'Play!',
      anonymous: true,
    });
    expect(await giftWith(guests)).toMatchObject({
      campaign_id: null,
      donor_name: 'Kate',
      donor_email: 'kate@example.org',
      comment: 'Good luck',
    });
    expect(await count('campaign_search', 'campaign_id', campaign_id)).toBe(0);
  });

  test('a deleted child takes its campaigns along, and no gift', async () => {
    const child_id = await addChild();
    const campaign_id = await addCampaign({ child_id });
    const gift = await addGift({ campaign_id });
    await database.sql('DELETE FROM children WHERE id = $1', [child_id]);
    await detach();
    expect(await count('campaigns', 'child_id', child_id)).toBe(0);
    expect(await count('campaign_search', 'campaign_id', campaign_id)).toBe(0);
    expect(await giftWith(gift)).toMatchObject({ campaign_id: null, amount: 25 });
  });

  test('a deleted parent takes sessions, children and campaigns along', async () => {
    const parent_id = await addParent();
    await addSession({ parent_id });
    const child_id = await addChild({ parent_id });
    const campaign_id = await addCampaign({ child_id });
    const gift = await addGift({ campaign_id, comment: 'For Mia' });
    await database.sql('DELETE FROM parents WHERE id = $1', [parent_id]);
    await detach();
    expect(await count('sessions', 'parent_id', parent_id)).toBe(0);
    expect(await count('children', 'parent_id', parent_id)).toBe(0);
    expect(await count('campaigns', 'child_id', child_id)).toBe(0);
    expect(await giftWith(gift)).toMatchObject({ campaign_id: null, comment: 'For Mia' });
  });

  test("a deleted donor's gifts stay, without the name and what was written, and still count", async () => {
    const donor_id = await addParent();
    const campaign_id = await addCampaign();
    const gift = await addGift({ campaign_id, donor_id, comment: 'Love, K.', anonymous: true });
    const another = await addParent();
    const others = await addGift({ campaign_id, donor_id: another, comment: 'Hello' });
    await database.sql('DELETE FROM parents WHERE id = $1', [donor_id]);
    await detach();
    expect(await giftWith(gift)).toEqual({
      campaign_id,
      donor_id: null,
      amount: 25,
      donor_name: null,
      donor_email: null,
      comment: '',
      anonymous: true,
    });
    expect(await giftWith(others)).toMatchObject({
      donor_id: another,
      donor_name: 'Kate',
      comment: 'Hello',
    });
    expect(await totalsOf(campaign_id)).toEqual({ raised: 50, gifts: 2 });
  });

  test('a parent who gave to an own campaign can be deleted; the gift stays and knows nobody', async () => {
    const parent_id = await addParent();
    const campaign_id = await addCampaign({ child_id: await addChild({ parent_id }) });
    const gift = await addGift({ campaign_id, donor_id: parent_id, comment: 'A start' });
    await database.sql('DELETE FROM parents WHERE id = $1', [parent_id]);
    await detach();
    expect(await giftWith(gift)).toMatchObject({
      campaign_id: null,
      donor_id: null,
      donor_name: null,
      comment: '',
    });
  });
});

interface Totals {
  raised: number;
  gifts: number;
}

async function totalsOf(campaign: number): Promise<Totals> {
  const [row] = await database.sql<Totals>(
    'SELECT total_raised::int AS raised, donation_count AS gifts FROM campaigns WHERE id = $1',
    [campaign],
  );
  return row!;
}

/** Campaigns of a child whose totals are not what their completed donations sum up to, less refunds. */
function wrongTotals(child: unknown): Promise<object[]> {
  return database.sql(
    `SELECT c.id, c.total_raised, c.net_raised, c.donation_count, truth.*
       FROM campaigns c,
            LATERAL (SELECT coalesce(sum(net), 0) AS net, count(*) FILTER (WHERE net > 0) AS gifts
                       FROM (SELECT d.amount * 100 - least(d.amount * 100, (
                               SELECT coalesce(sum(r.amount), 0) FROM refunds r
                                WHERE r.donation_id = d.id
                                  AND (r.status <> 'failed' OR r.automatic AND r.stripe_id IS NOT NULL))) AS net
                               FROM donations d
                              WHERE d.campaign_id = c.id AND d.status = 'completed') gift) truth
      WHERE c.child_id = $1
        AND (c.net_raised <> truth.net OR c.total_raised <> floor(truth.net / 100) OR c.donation_count <> truth.gifts)`,
    [child],
  );
}

describe('totals', () => {
  const BATCH = `INSERT INTO donations (campaign_id, amount)
    SELECT * FROM unnest($1::int[], $2::int[])`;

  test('begin at nothing and grow with each gift', async () => {
    const campaign_id = await addCampaign();
    expect(await totalsOf(campaign_id)).toEqual({ raised: 0, gifts: 0 });
    await addGift({ campaign_id, amount: 100_000 });
    await addGift({ campaign_id, amount: 1 });
    expect(await totalsOf(campaign_id)).toEqual({ raised: 100_001, gifts: 2 });
  });

  test('grow by a whole batch, each campaign by its own gifts', async () => {
    const [first, second] = [await addCampaign(), await addCampaign()];
    await database.sql(BATCH, [
      [first, second, null, first, second, first],
      [1, 20, 500, 3, 40, 5],
    ]);
    expect(await totalsOf(first)).toEqual({ raised: 9, gifts: 3 });
    expect(await totalsOf(second)).toEqual({ raised: 60, gifts: 2 });
  });

  test('hold more than the number type of one amount', async () => {
    const campaign_id = await addCampaign();
    await database.sql(
      'INSERT INTO donations (campaign_id, amount) SELECT $1, 100000 FROM generate_series(1, 22000)',
      [campaign_id],
    );
    const [row] = await database.sql('SELECT total_raised FROM campaigns WHERE id = $1', [
      campaign_id,
    ]);
    expect(row).toEqual({ total_raised: '2200000000' });
  });

  test('follow a changed amount', async () => {
    const campaign_id = await addCampaign();
    const id = await addGift({ campaign_id, amount: 10 });
    await addGift({ campaign_id, amount: 5 });
    await database.sql('UPDATE donations SET amount = 4 WHERE id = $1', [id]);
    expect(await totalsOf(campaign_id)).toEqual({ raised: 9, gifts: 2 });
  });

  test('count completed gifts only, once they are completed', async () => {
    const campaign_id = await addCampaign();
    const pending = await addGift({ campaign_id, amount: 10, status: 'pending' });
    await addGift({ campaign_id, amount: 20, status: 'failed' });
    await addGift({ campaign_id, amount: 40, status: 'expired' });
    expect(await totalsOf(campaign_id)).toEqual({ raised: 0, gifts: 0 });
    await database.sql(`UPDATE donations SET status = 'completed' WHERE id = $1`, [pending]);
    expect(await totalsOf(campaign_id)).toEqual({ raised: 10, gifts: 1 });
  });

  test.each([
    ['completed', 'pending'],
    ['completed', 'failed'],
    ['completed', 'expired'],
    ['failed', 'pending'],
    ['expired', 'pending'],
  ])('a gift that is %s is never %s again', async (from, to) => {
    const id = await addGift({ status: from });
    await expect(
      database.sql('UPDATE donations SET status = $2 WHERE id = $1', [id, to]),
    ).rejects.toMatchObject({ constraint: 'donations_go_forward' });
  });

  test('fall by refunds to the cent, rounded down once for the campaign', async () => {
    const campaign_id = await addCampaign();
    const [one, other] = [
      await addGift({ campaign_id, amount: 25 }),
      await addGift({ campaign_id, amount: 25 }),
    ];
    await addRefund({ donation_id: one, amount: 50 });
    expect(await totalsOf(campaign_id)).toEqual({ raised: 49, gifts: 2 });
    await addRefund({ donation_id: other, amount: 50, status: 'pending' });
    expect(await totalsOf(campaign_id)).toEqual({ raised: 49, gifts: 2 });
    const rest = await addRefund({ donation_id: one, amount: 2_450 });
    expect(await totalsOf(campaign_id)).toEqual({ raised: 24, gifts: 1 });
    await database.sql(`UPDATE refunds SET status = 'failed' WHERE id = $1`, [rest]);
    expect(await totalsOf(campaign_id)).toEqual({ raised: 49, gifts: 2 });
    await database.sql('DELETE FROM refunds WHERE donation_id = $1', [one]);
    expect(await totalsOf(campaign_id)).toEqual({ raised: 49, gifts: 2 });
  });

  test('bear refunds that pass the gift', async () => {
    const campaign_id = await addCampaign();
    const donation_id = await addGift({ campaign_id, amount: 2 });
    await addRefund({ donation_id, amount: 150 });
    await addRefund({ donation_id, amount: 200 });
    expect(await totalsOf(campaign_id)).toEqual({ raised: 0, gifts: 0 });
  });

  test('follow gifts that move to another campaign, to none, and back', async () => {
    const [first, second] = [await addCampaign(), await addCampaign()];
    await database.sql(BATCH, [
      [first, first, second],
      [1, 2, 40],
    ]);
    const move = 'UPDATE donations SET campaign_id = $2 WHERE campaign_id = $1';
    await database.sql(move, [first, second]);
    expect(await totalsOf(first)).toEqual({ raised: 0, gifts: 0 });
    expect(await totalsOf(second)).toEqual({ raised: 43, gifts: 3 });
    const gift = await addGift({ amount: 7 });
    await database.sql('UPDATE donations SET campaign_id = $1 WHERE id = $2', [first, gift]);
    await database.sql(move, [second, null]);
    expect(await totalsOf(first)).toEqual({ raised: 7, gifts: 1 });
    expect(await totalsOf(second)).toEqual({ raised: 0, gifts: 0 });
  });

  test('follow two campaigns that swap all their gifts in one statement', async () => {
    const [first, second] = [await addCampaign(), await addCampaign()];
    await database.sql(BATCH, [
      [first, first, second],
      [1, 2, 40],
    ]);
    await database.sql(
      `UPDATE donations SET campaign_id = CASE campaign_id WHEN $1 THEN $2 ELSE $1 END
        WHERE campaign_id IN ($1, $2)`,
      [first, second],
    );
    expect(await totalsOf(first)).toEqual({ raised: 40, gifts: 1 });
    expect(await totalsOf(second)).toEqual({ raised: 3, gifts: 2 });
  });

  test('fall with gifts that are deleted, one or many', async () => {
    const campaign_id = await addCampaign();
    const id = await addGift({ campaign_id, amount: 10 });
    await database.sql(BATCH, [
      [campaign_id, campaign_id, campaign_id],
      [1, 2, 3],
    ]);
    await database.sql('DELETE FROM donations WHERE id = $1', [id]);
    expect(await totalsOf(campaign_id)).toEqual({ raised: 6, gifts: 3 });
    await database.sql('DELETE FROM donations WHERE campaign_id = $1 AND amount > 1', [
      campaign_id,
    ]);
    expect(await totalsOf(campaign_id)).toEqual({ raised: 1, gifts: 1 });
  });

  test('count a gift that is inserted or changed by one statement once', async () => {
    const campaign_id = await addCampaign();
    const id = await addGift({ campaign_id, amount: 10 });
    await database.sql(
      `INSERT INTO donations (id, campaign_id, amount)
       SELECT * FROM (VALUES ($1::int, $2::int, 3), (nextval('donations_id_seq'), $2, 4)) gift
       ON CONFLICT (id) DO UPDATE SET amount = excluded.amount`,
      [id, campaign_id],
    );
    expect(await totalsOf(campaign_id)).toEqual({ raised: 7, gifts: 2 });
  });

  test('stay as they were when the transaction is undone', async () => {
    const campaign_id = await addCampaign();
    await addGift({ campaign_id });
    await expect(
      database.sql(
        `DO $$ BEGIN
           INSERT INTO donations (campaign_id, amount) VALUES (${campaign_id}, 5);
           RAISE EXCEPTION 'undone';
         END $$`,
      ),
    ).rejects.toThrow('undone');
    expect(await totalsOf(campaign_id)).toEqual({ raised: 25, gifts: 1 });
  });

  test('are nothing again once all donations are emptied out', async () => {
    const own = await createTestDatabase();
    await own.sql(
      `INSERT INTO parents (username, email, password_hash) VALUES ('Anna', 'a@b.example', '${HASH}');
       INSERT INTO children (parent_id, name, public_name, date_of_birth) VALUES (1, 'Mia', 'Mia', '2018-05-01');
       INSERT INTO campaigns (child_id, title, description, goal, category) VALUES (1, 'a', 'b', 1, 'health');
       INSERT INTO donations (campaign_id, amount) VALUES (1, 5);
       TRUNCATE donations CASCADE`,
    );
    const rows = await own.sql('SELECT total_raised, donation_count FROM campaigns');
    await own.drop();
    expect(rows).toEqual([{ total_raised: '0', donation_count: 0 }]);
  });

  test('are right after any sequence of statements', async () => {
    const which = fc.nat({ max: 3 });
    const amount = fc.integer({ min: 1, max: 100_000 });
    const share = fc.record({ of: fc.integer({ min: 1, max: 3 }), rest: fc.nat({ max: 2 }) });
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('give' as const),
        gifts: fc.array(fc.tuple(which, amount), { minLength: 1, maxLength: 5 }),
      }),
      fc.record({ kind: fc.constant('change' as const), share, amount }),
      fc.record({ kind: fc.constant('move' as const), share, to: which }),
      fc.record({ kind: fc.constant('remove' as const), share }),
      fc.record({ kind: fc.constant('delete campaign' as const), which }),
    );
    const steps = fc.array(step, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const child_id = await addChild();
        // The fourth of them is none.
        const campaigns = [
          await addCampaign({ child_id }),
          await addCampaign({ child_id }),
          await addCampaign({ child_id }),
          null,
        ];
        const run = `${randomUUID()}@example.org`;
        const mine = (at: number) => `donor_email = $${at} AND id % $${at + 1} = $${at + 2}`;
        for (const one of sequence) {
          switch (one.kind) {
            case 'give':
              await database.sql(
                `INSERT INTO donations (campaign_id, amount, donor_name, donor_email)
                 SELECT c, a, 'Kate', $3 FROM unnest($1::int[], $2::int[]) gift (c, a)`,
                [one.gifts.map(([to]) => campaigns[to]), one.gifts.map(([, sum]) => sum), run],
              );
              break;
            case 'change':
              await database.sql(`UPDATE donations SET amount = $1 WHERE ${mine(2)}`, [
                one.amount,
                run,
                one.share.of,
                one.share.rest,
              ]);
              break;
            case 'move':
              await database.sql(
                `UPDATE donations SET campaign_id = $1, amount = 100001 - amount WHERE ${mine(2)}`,
                [campaigns[one.to], run, one.share.of, one.share.rest],
              );
              break;
            case 'remove':
              await database.sql(`DELETE FROM donations WHERE ${mine(1)}`, [
                run,
                one.share.of,
                one.share.rest,
              ]);
              break;
            case 'delete campaign':
              await database.sql('DELETE FROM campaigns WHERE id = $1', [campaigns[one.which]]);
              campaigns[one.which] = null;
          }
          expect(await wrongTotals(child_id)).toEqual([]);
        }
      }),
      { numRuns: 40 },
    );
  });
});

async function searchTextOf(campaign: number): Promise<string | undefined> {
  const [row] = await database.sql<{ text: string }>(
    'SELECT text FROM campaign_search WHERE campaign_id = $1',
    [campaign],
  );
  return row?.text;
}

/** As the job does it. */
const workOffMarks = () =>
  database.sql('SELECT write_search_text(campaign_id) FROM campaigns_to_index');

const RENAME = `UPDATE children SET name = $2 || ' Winter', public_name = $2 WHERE id = $1`;

describe('what a search looks at', () => {
  beforeEach(() => database.sql('DELETE FROM campaigns_to_index'));

  test('is title, description and public name in lower case, never the rest of the name', async () => {
    const child_id = await addChild({ name: 'ÉMILIE\u00a0Secretname', public_name: 'ÉMILIE' });
    const campaign = await addCampaign({ child_id, title: 'Ein FLÜGEL', description: 'Schwarz' });
    expect(await searchTextOf(campaign)).toBe('ein flügel\nschwarz\némilie');
  });

  test('follows a changed title and description', async () => {
    const campaign = await addCampaign();
    await database.sql(`UPDATE campaigns SET title = 'A Cello' WHERE id = $1`, [campaign]);
    expect(await searchTextOf(campaign)).toBe('a cello\nof wood\nmia');
    await database.sql(`UPDATE campaigns SET description = 'OF PINE' WHERE id = $1`, [campaign]);
    expect(await searchTextOf(campaign)).toBe('a cello\nof pine\nmia');
  });

  test("follows a child's new public name in all its campaigns and no others, once marks are worked off", async () => {
    const child_id = await addChild();
    const [first, second] = [await addCampaign({ child_id }), await addCampaign({ child_id })];
    const foreign = await addCampaign();
    await database.sql(RENAME, [child_id, 'Nora']);
    const marked = await database.sql('SELECT campaign_id FROM campaigns_to_index ORDER BY 1');
    expect(marked).toEqual([{ campaign_id: first }, { campaign_id: second }]);
    await workOffMarks();
    expect(await searchTextOf(first)).toBe('a violin\nof wood\nnora');
    expect(await searchTextOf(second)).toBe('a violin\nof wood\nnora');
    expect(await searchTextOf(foreign)).toBe('a violin\nof wood\nmia');
    expect(await database.sql('SELECT FROM campaigns_to_index')).toEqual([]);
  });

  test.each(['campaign', 'child', 'parent'] as const)('a mark goes with its %s', async (kind) => {
    const [parent, child] = [await addParent(), await addChild()];
    await database.sql('UPDATE children SET parent_id = $2 WHERE id = $1', [child, parent]);
    const campaign = await addCampaign({ child_id: child });
    await database.sql(RENAME, [child, 'Nora']);
    const [table, id] = {
      campaign: ['campaigns', campaign],
      child: ['children', child],
      parent: ['parents', parent],
    }[kind] as [string, number];
    await database.sql(`DELETE FROM ${table} WHERE id = $1`, [id]);
    expect(await database.sql('SELECT FROM campaigns_to_index')).toEqual([]);
  });

  test('follows a campaign that is handed to another child', async () => {
    const campaign = await addCampaign();
    const child = await addChild({ name: 'Tom Secretname', public_name: 'Tom' });
    await database.sql('UPDATE campaigns SET child_id = $2 WHERE id = $1', [campaign, child]);
    expect(await searchTextOf(campaign)).toBe('a violin\nof wood\ntom');
  });

  test('is not written anew by a gift', async () => {
    const campaign_id = await addCampaign();
    const place = () =>
      database.sql('SELECT ctid, xmin FROM campaign_search WHERE campaign_id = $1', [campaign_id]);
    const before = await place();
    await addGift({ campaign_id });
    expect(await place()).toEqual(before);
    expect(before).toHaveLength(1);
  });

  const OPEN = `INSERT INTO campaigns (child_id, title, description, goal, category)
    SELECT id, 'A drum', 'Of tin', 1, 'health' FROM children WHERE id = $1`;
  const RETITLE = `UPDATE campaigns SET title = 'A horn' WHERE child_id = $1`;
  const NEW_NAME = RENAME.replaceAll('$2', `'Nora'`);
  const INDEX = `SELECT write_search_text(id)
    FROM (SELECT id FROM campaigns WHERE child_id = $1 FOR NO KEY UPDATE) locked`;

  test.each([
    { first: OPEN, second: NEW_NAME, what: 'a campaign is opened while its child is renamed' },
    { first: NEW_NAME, second: OPEN, what: 'a child is renamed while its campaign is opened' },
    { first: RETITLE, second: NEW_NAME, what: 'a title is changed while the child is renamed' },
    { first: NEW_NAME, second: RETITLE, what: 'a child is renamed while a title is changed' },
    {
      first: INDEX,
      second: NEW_NAME,
      what: 'a mark is worked off while the child is renamed again',
    },
    { first: NEW_NAME, second: INDEX, what: 'a child is renamed again while a mark is worked off' },
    { first: INDEX, second: INDEX, what: 'two work off one mark' },
  ])('is the newest of both when $what', async ({ first, second }) => {
    const child_id = await addChild();
    await addCampaign({ child_id });
    await database.sql(RENAME, [child_id, 'Lena']);
    await atOnce(child_id, first, second);
    await workOffMarks();
    const stale = await database.sql(
      `SELECT s.text, c.title, ch.public_name
         FROM campaigns c JOIN children ch ON ch.id = c.child_id
         LEFT JOIN campaign_search s ON s.campaign_id = c.id
        WHERE ch.id = $1
          AND s.text IS DISTINCT FROM fold_case(concat_ws(E'\\n', c.title, c.description, ch.public_name))`,
      [child_id],
    );
    expect(stale).toEqual([]);
  });
});

/** Runs the second statement while the transaction of the first is still open. */
async function atOnce(child: number, first: string, second: string): Promise<void> {
  const [one, other] = [0, 1].map(() => new pg.Client({ connectionString: database.url }));
  await Promise.all([one!.connect(), other!.connect()]);
  try {
    const { rows } = await other!.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await one!.query('BEGIN');
    await one!.query(first, [child]);
    const state = { done: false };
    const later = other!.query(second, [child]).finally(() => (state.done = true));
    while (!state.done && !(await waitsForLock(rows[0]!.pid)));
    await one!.query('COMMIT');
    await later;
  } finally {
    await Promise.all([one!.end(), other!.end()]);
  }
}

async function waitsForLock(pid: number): Promise<boolean> {
  const rows = await database.sql(
    `SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'`,
    [pid],
  );
  return rows.length > 0;
}
