import { once } from 'node:events';
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { useApi, type Api } from './support/api.js';
import { expectError, send } from './support/bare-http.js';
import { CountingProxy } from './support/counting-proxy.js';
import {
  donate,
  openJar,
  registerParent,
  type TestCampaign,
  type TestParent,
} from './support/factories.js';
import { FIGURES } from './support/figures.js';
import { openSwitchableProxy, type SwitchableProxy } from './support/switchable-proxy.js';

const HEADER =
  'id,date_donated,amount,refunded_amount,status,donor_name,donor_email,anonymous,comment';

const proxy = new CountingProxy();
let failing: SwitchableProxy;

const api = useApi();
// With one connection, whoever reads on takes turns with those who ask later.
const counted = useApi({ through: (url) => proxy.before(url), poolSize: 1 });
const fragile = useApi({
  through: async (url) => {
    failing = await openSwitchableProxy(url);
    return failing.url;
  },
});

afterAll(async () => {
  proxy.close();
  await failing.close();
});

const pathOf = ({ id }: TestCampaign) => `/campaigns/${id}/donations.csv`;
const as = ({ access }: TestParent) => ({ Authorization: `Bearer ${access}` });
const BOM = '\ufeff';
const read = async (campaign: TestCampaign, parent: TestParent, of = api) => {
  const { text } = await send(of, 'GET', pathOf(campaign), as(parent));
  expect(text.startsWith(BOM)).toBe(true);
  return text.slice(1);
};

/** A cell and what ends it, as strictly as RFC 4180 has it. */
const CELL = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;

/** The rows of a file, by the names of its header. */
function rowsOf(text: string): Record<string, string>[] {
  const rows: string[][] = [[]];
  let length = 0;
  for (const [{ length: read }, quoted, plain = '', end] of text.matchAll(CELL)) {
    length += read;
    rows.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === '\r\n') rows.push([]);
  }
  expect(length).toBe(text.length);
  expect(rows.pop()).toEqual([]);
  const [names = [], ...cells] = rows;
  return cells.map((row) => Object.fromEntries(names.map((name, n) => [name, row[n]!])));
}

/** Stores gifts of guests, each with a comment of 200 characters that take 800 bytes. */
const storeMany = (to: Api, { id }: TestCampaign, count: number) =>
  to.database.sql(
    `INSERT INTO donations (campaign_id, amount, comment, donor_name, donor_email)
     SELECT $1, 1 + n % 100, repeat('😀', 200), 'Guest ' || n, n || '@example.org' FROM generate_series(1, $2) n`,
    [id, count],
  );

/** Begins to read the file of a campaign, and takes no more than what came first. */
async function beginReading(of: Api, campaign: TestCampaign, parent: TestParent) {
  const outgoing = request(of.address + pathOf(campaign), { headers: as(parent), agent: false });
  outgoing.end();
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  // A break may come before anybody reads on.
  for (const one of [outgoing, incoming]) one.on('error', () => undefined);
  await once(incoming, 'readable');
  return incoming;
}

describe('the file', () => {
  let parent: TestParent;
  let campaign: TestCampaign;

  beforeAll(async () => {
    ({ parent, campaign } = await openJar(api));
  });

  test('has a header and no row while there is no gift', async () => {
    const jar = await openJar(api);
    const answer = await send(api, 'GET', pathOf(jar.campaign), as(jar.parent));
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename=campaign-${jar.campaign.id}-donations.csv`,
      'cache-control': 'no-store',
    });
    expect(answer.text).toBe(`${BOM}${HEADER}\r\n`);
  });

  test('holds the gifts as the owner sees them, newest first', async () => {
    const donor = await registerParent(api, { first_name: 'Dora' });
    const gone = await registerParent(api, { first_name: 'Gone' });
    await donate(api, campaign, { anonymous: true, comment: 'Psst' });
    await donate(api, campaign, { amount: 7 }, donor);
    await donate(api, campaign, { anonymous: true }, gone);
    await donate(api, campaign, {}, gone);
    await api.delete('/parents/me/', gone.access).expect(204);
    const refunded = await donate(api, campaign, { amount: 10 });
    await api.post(`/donations/${refunded.id}/refunds/`, { amount: 4 }, parent.access).expect(201);
    // Never begun: it had no page to be paid at.
    await api.database.sql(
      `INSERT INTO donations (campaign_id, amount, donor_name, donor_email, status)
       VALUES ($1, 5, 'G', 'g@example.org', 'pending')`,
      [campaign.id],
    );
    const { body } = await api.get(`/campaigns/${campaign.id}/donations/`, parent.access);
    type Gift = Record<string, string | number | boolean | null>;
    const listed = (body as Gift[]).map(({ donor: _donor, ...gift }) =>
      Object.fromEntries(Object.entries(gift).map(([name, value]) => [name, String(value ?? '')])),
    );
    const text = await read(campaign, parent);
    expect(text.split('\r\n')[0]).toBe(HEADER);
    expect(rowsOf(text)).toEqual(listed);
    expect(rowsOf(text).map((row) => row['donor_name'])).toEqual([
      'Aunt Kate',
      'Former member',
      'Anonymous',
      'Dora',
      'Aunt Kate',
    ]);
    expect(rowsOf(text)[0]).toMatchObject({ amount: '10', refunded_amount: '4' });
  });

  test('keeps every cell whole, whatever stands in it', async () => {
    const jar = await openJar(api);
    const cells = [
      'a,b',
      'say "hi"',
      '"',
      '""",,"',
      'two\nlines',
      'tab\there',
      'é😀漢',
      "'",
      ',;|',
    ];
    for (const comment of cells) await donate(api, jar.campaign, { comment });
    for (const name of ['O"Neil, "Jr"', '漢字'])
      await donate(api, jar.campaign, { donor_name: name });
    const rows = rowsOf(await read(jar.campaign, jar.parent)).reverse();
    expect(rows.slice(0, cells.length).map((row) => row['comment'])).toEqual(cells);
    expect(rows.slice(cells.length).map((row) => row['donor_name'])).toEqual([
      'O"Neil, "Jr"',
      '漢字',
    ]);
  });

  test.each([
    '=1+1',
    '=HYPERLINK("https://example.com","x")',
    '+1',
    '-1',
    '@SUM(A1)',
    '＝1+1',
    '＋1',
    '－1',
    '＠x',
    '﹦1',
    '﹢1',
    '﹣1',
    '﹫x',
    '\t1',
    '\r1',
    '\n1',
    ' =1',
    '\u00a0=1',
    '\u3000-1',
    '\ufeff=1',
    '\u200e=1',
    '\u00ad@x',
  ])('a spreadsheet takes %j for text', async (formula) => {
    const jar = await openJar(api);
    // Trimming would take the blanks away from what comes by the API; what is stored may be older.
    await api.database.sql(
      `INSERT INTO donations (campaign_id, amount, comment, donor_name, donor_email)
       VALUES ($1, 5, $2, $2, $2 || '@example.org')`,
      [jar.campaign.id, formula],
    );
    const [row] = rowsOf(await read(jar.campaign, jar.parent));
    expect(row).toMatchObject({
      comment: `'${formula}`,
      donor_name: `'${formula}`,
      donor_email: `'${formula}@example.org`,
      amount: '5',
    });
  });

  test.each([
    [' \t=1', "' \t'=1"],
    ['x;=1+1', "x;'=1+1"],
    ['x; =1+1', "x;' =1+1"],
    ['x,-1', "x,'-1"],
    ['x|@SUM(A1)', "x|'@SUM(A1)"],
    ['x\t+1', "x\t'+1"],
    ['x\n=1', "x\n'=1"],
    ['x\r\n =1', "x\r\n' =1"],
    ['x\u2028=1', "x\u2028'=1"],
    ['x;"=1"', 'x;\'"=1"'],
    ['x;\u200b＝1', "x;'\u200b＝1"],
    ['a;b;+1;=2', "a;b;'+1;'=2"],
    ['"=1', '\'"=1'],
  ])('also behind another separator: %j', async (formula, harmless) => {
    const jar = await openJar(api);
    await api.database.sql(
      `INSERT INTO donations (campaign_id, amount, comment, donor_name, donor_email)
       VALUES ($1, 5, $2, 'G', 'g@example.org')`,
      [jar.campaign.id, formula],
    );
    expect(rowsOf(await read(jar.campaign, jar.parent))[0]).toMatchObject({ comment: harmless });
  });

  test.each(['5 = 5', 'a-b', 'a; b, c | d', 'x;1-1', ' a', 'kate@example.org', "'=1"])(
    'and leaves %j as it is',
    async (text) => {
      const jar = await openJar(api);
      await api.database.sql(
        `INSERT INTO donations (campaign_id, amount, comment, donor_name, donor_email)
         VALUES ($1, 5, $2, 'G', 'g@example.org')`,
        [jar.campaign.id, text],
      );
      expect(rowsOf(await read(jar.campaign, jar.parent))[0]).toMatchObject({ comment: text });
    },
  );

  test.each([999, 1_000, 1_001, 3_000])('holds each of %j gifts once', async (count) => {
    const jar = await openJar(api);
    await storeMany(api, jar.campaign, count);
    const stored = await api.database.sql<{ id: number }>(
      'SELECT id FROM donations WHERE campaign_id = $1 ORDER BY id DESC',
      [jar.campaign.id],
    );
    const rows = rowsOf(await read(jar.campaign, jar.parent));
    expect(rows.map((row) => Number(row['id']))).toEqual(stored.map(({ id }) => id));
    expect(new Set(rows.map((row) => row['comment']))).toEqual(new Set(['😀'.repeat(200)]));
  });
});

test('who may not have it gets JSON', async () => {
  const { parent, campaign } = await openJar(api);
  const stranger = await registerParent(api);
  const path = pathOf(campaign);
  expectError(await send(api, 'GET', path), 401, 'not_authenticated');
  expectError(await send(api, 'GET', path, as(stranger)), 403, 'permission_denied');
  const absent = '/campaigns/999999/donations.csv';
  expectError(await send(api, 'GET', absent, as(parent)), 404, 'not_found');
  expectError(await send(api, 'POST', path, as(parent)), 405, 'method_not_allowed');
  const slashed = await send(api, 'GET', `${path}/`, as(parent));
  expect(slashed.text).toBe(BOM + (await read(campaign, parent)));
});

describe('read as fast as it is taken', () => {
  const GIFTS = 30_000;
  const BATCHES = GIFTS / FIGURES.bounds.fileRows;
  let parent: TestParent;
  let campaign: TestCampaign;

  beforeAll(async () => {
    ({ parent, campaign } = await openJar(counted));
    await storeMany(counted, campaign, GIFTS);
  });

  /** Asks for something else often enough for a reading that goes on to come to its end. */
  const readingsMeanwhile = async () => {
    const one = () => counted.get(`/campaigns/${campaign.id}/`).expect(200);
    const asked = proxy.statements;
    for (let n = 0; n < 2 * BATCHES; n += 1) await one();
    return proxy.statements - asked - 2 * BATCHES;
  };

  test('a client that takes nothing holds the reading up, and still gets all of it', async () => {
    const before = proxy.statements;
    const incoming = await beginReading(counted, campaign, parent);
    await readingsMeanwhile();
    expect(await readingsMeanwhile()).toBe(0);
    expect(proxy.statements - before - 4 * BATCHES).toBeLessThan(BATCHES / 2);

    let text = '';
    for await (const chunk of incoming.setEncoding('utf8')) text += String(chunk);
    expect(incoming.complete).toBe(true);
    expect(rowsOf(text.slice(1))).toHaveLength(GIFTS);
  });

  test('a client that goes away ends the reading', async () => {
    const answered = once(counted.server, 'request') as Promise<[unknown, ServerResponse]>;
    const incoming = await beginReading(counted, campaign, parent);
    const [, response] = await answered;
    const closed = once(response, 'close');
    incoming.destroy();
    await closed;
    // The one that was under way may still end.
    expect(await readingsMeanwhile()).toBeLessThanOrEqual(1);
  });
});

describe('when the database fails', () => {
  let parent: TestParent;
  let campaign: TestCampaign;

  beforeAll(async () => {
    ({ parent, campaign } = await openJar(fragile));
    await storeMany(fragile, campaign, 20_000);
  });

  const brokenOff = async (incoming: IncomingMessage): Promise<string> => {
    let text = '';
    const reading = (async () => {
      for await (const chunk of incoming.setEncoding('utf8')) text += String(chunk);
    })();
    await expect(reading).rejects.toThrow('aborted');
    expect(incoming.complete).toBe(false);
    return text;
  };

  test('half-way, the connection is cut: the file can’t be taken for the whole', async () => {
    const incoming = await beginReading(fragile, campaign, parent);
    await failing.refuse();
    try {
      expect((await brokenOff(incoming)).startsWith(`${BOM}${HEADER}\r\n`)).toBe(true);
    } finally {
      await failing.restore();
    }
  });

  test('and when the campaign is deleted half-way', async () => {
    const jar = await openJar(fragile);
    await storeMany(fragile, jar.campaign, 20_000);
    const incoming = await beginReading(fragile, jar.campaign, jar.parent);
    await fragile.delete(`/campaigns/${jar.campaign.id}/`, jar.parent.access).expect(204);
    await brokenOff(incoming);
  });

  test('before anything was sent, it is answered as every other', async () => {
    await failing.refuse();
    try {
      expectError(await send(fragile, 'GET', pathOf(campaign), as(parent)), 503, 'unavailable');
    } finally {
      await failing.restore();
    }
  });
});
