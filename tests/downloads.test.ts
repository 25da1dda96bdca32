import { once } from 'node:events';
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { useApi, type Api } from './support/api.js';
import { expectError, send } from './support/bare-http.js';
import { openJar, type TestCampaign, type TestParent } from './support/factories.js';

const bounds = { downloads: 3, downloadsPerParent: 2 };
const api = useApi({ rateLimit: true, bounds });
const unlimited = useApi({ bounds });

const as = ({ access }: TestParent) => ({ Authorization: `Bearer ${access}` });
const pathOf = ({ id }: TestCampaign) => `/campaigns/${id}/donations.csv`;

/** A campaign with more gifts than sockets keep for a client that doesn't read. */
async function openBigJar(of = api) {
  const jar = await openJar(of);
  await of.database.sql(
    `INSERT INTO donations (campaign_id, amount, comment, donor_name, donor_email)
     SELECT $1, 1, repeat('x', 200), 'Guest', n || '@example.org' FROM generate_series(1, 60000) n`,
    [jar.campaign.id],
  );
  return jar;
}

/** Begins to read a file and then reads no further. */
async function beginReading(of: Api, { campaign, parent }: Awaited<ReturnType<typeof openBigJar>>) {
  const headers = as(parent);
  const outgoing = request(of.address + pathOf(campaign), { headers, agent: false });
  outgoing.on('error', () => undefined);
  outgoing.end();
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  expect(incoming.statusCode).toBe(200);
  incoming.on('error', () => undefined);
  return incoming;
}

const strict = useApi({
  rateLimit: true,
  bounds: { downloadSpeed: 1_000_000_000, downloadsPerParent: 1 },
  waits: { downloadSpeed: 300 },
});

test.each([
  ['takes nothing', (_incoming: IncomingMessage) => undefined],
  [
    'takes a little now and then',
    (incoming: IncomingMessage) => {
      const reading = setInterval(() => incoming.read(100), 5);
      incoming.once('close', () => clearInterval(reading));
    },
  ],
])('a client that %s is cut off, and its place is free for others', async (_how, read) => {
  const jar = await openBigJar(strict);
  const asked = once(strict.server, 'request') as Promise<[unknown, ServerResponse]>;
  const incoming = await beginReading(strict, jar);
  const [, response] = await asked;
  const closed = once(response, 'close');
  read(incoming);
  await closed;
  expect(response.writableFinished).toBe(false);
  const ended = new Promise((resolve) => incoming.once('close', resolve));
  incoming.resume();
  await ended;
  expect(incoming.complete).toBe(false);
  // The only place of this parent is free again: the next is begun.
  (await beginReading(strict, jar)).destroy();
});

test('slow readers hold so many downloads a parent and in all, and nothing else', async () => {
  const one = await openBigJar();
  const other = await openBigJar();
  const third = await openJar(api);
  const slow = [
    await beginReading(api, one),
    await beginReading(api, one),
    await beginReading(api, other),
  ];
  expectError(await send(api, 'GET', pathOf(one.campaign), as(one.parent)), 429, 'throttled');
  const refused = await send(api, 'GET', pathOf(third.campaign), as(third.parent));
  expectError(refused, 503, 'unavailable');
  slow.forEach((incoming) => incoming.destroy());
  const again = async () =>
    (await send(api, 'GET', pathOf(third.campaign), as(third.parent))).status;
  await expect.poll(again).toBe(200);
});

test('without rate limits a parent may take every place, and only the process has a bound', async () => {
  const jar = await openBigJar(unlimited);
  const slow = [];
  for (let times = 0; times < bounds.downloads; times += 1) {
    slow.push(await beginReading(unlimited, jar));
  }
  const refused = await send(unlimited, 'GET', pathOf(jar.campaign), as(jar.parent));
  expectError(refused, 503, 'unavailable');
  slow.forEach((incoming) => incoming.destroy());
});
