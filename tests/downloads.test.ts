import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { expectError, send } from './support/bare-http.js';
import { openJar, type TestCampaign, type TestParent } from './support/factories.js';

const api = useApi({ bounds: { downloads: 3, downloadsPerParent: 2 } });

const as = ({ access }: TestParent) => ({ Authorization: `Bearer ${access}` });
const pathOf = ({ id }: TestCampaign) => `/campaigns/${id}/donations.csv`;

/** A campaign with more gifts than sockets keep for a client that doesn't read. */
async function openBigJar() {
  const jar = await openJar(api);
  await api.database.sql(
    `INSERT INTO donations (campaign_id, amount, comment, donor_name, donor_email)
     SELECT $1, 1, repeat('x', 200), 'Guest', n || '@example.org' FROM generate_series(1, 60000) n`,
    [jar.campaign.id],
  );
  return jar;
}

/** Begins to read a file and then reads no further. */
async function beginReading({ campaign, parent }: Awaited<ReturnType<typeof openBigJar>>) {
  const headers = as(parent);
  const outgoing = request(api.address + pathOf(campaign), { headers, agent: false });
  outgoing.on('error', () => undefined);
  outgoing.end();
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  incoming.on('error', () => undefined);
  return incoming;
}

test('slow readers hold so many downloads a parent and in all, and nothing else', async () => {
  const one = await openBigJar();
  const other = await openBigJar();
  const third = await openJar(api);
  const slow = [await beginReading(one), await beginReading(one), await beginReading(other)];
  expectError(await send(api, 'GET', pathOf(one.campaign), as(one.parent)), 429, 'throttled');
  const refused = await send(api, 'GET', pathOf(third.campaign), as(third.parent));
  expectError(refused, 503, 'unavailable');
  slow.forEach((incoming) => incoming.destroy());
  const again = async () =>
    (await send(api, 'GET', pathOf(third.campaign), as(third.parent))).status;
  await expect.poll(again).toBe(200);
});
