import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { beforeAll, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import {
  donate,
  guestGift,
  openJar,
  type TestCampaign,
  type TestParent,
} from './support/factories.js';
import { holdCampaign, type HeldCampaign } from './support/held-campaign.js';

const api = useApi({ sheds: true, bounds: { atOnce: 3, atOncePerNetwork: 3, downloads: 1 } });

let parent: TestParent;
let campaign: TestCampaign;
let csv: string;

beforeAll(async () => {
  ({ parent, campaign } = await openJar(api));
  await donate(api, campaign);
  csv = `/campaigns/${campaign.id}/donations.csv`;
});

/** A client that sends a donation which waits for its campaign, and further requests right behind it. */
async function pipeline(...behind: string[]): Promise<{ socket: Socket; held: HeldCampaign }> {
  const held = await holdCampaign(api, campaign);
  const socket = connect(Number(new URL(api.address).port), '127.0.0.1');
  socket.on('error', () => undefined);
  const body = JSON.stringify(guestGift());
  const donation = `POST /campaigns/${campaign.id}/donations/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  socket.write([donation, ...behind].join(''));
  await held.waiting(1);
  return { socket, held };
}

const get = (path: string, token = '') =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\n${token && `Authorization: Bearer ${token}\r\n`}\r\n`;

/** The client leaves before anything was answered. */
async function leave(socket: Socket): Promise<void> {
  socket.destroy();
  await once(socket, 'close');
}

test('a client that leaves its pipelined requests gives back their places, and each has its log line', async () => {
  const { socket, held } = await pipeline(get('/parents/me/'), get('/no-such-place/'));
  const statusOf = async () => (await api.get('/parents/me/', parent.access)).status;
  await expect.poll(statusOf).toBe(503);
  const start = api.logged.length;
  await leave(socket);
  await expect.poll(statusOf).toBe(200);
  await held.release();
  const aborted = () =>
    api.logged
      .slice(start)
      .map((line) => JSON.parse(line) as object)
      .filter((line) => 'aborted' in line);
  await expect.poll(aborted).toHaveLength(3);
});

test('a download that waits behind another response gives back its place when the client leaves', async () => {
  const { socket, held } = await pipeline(get(csv, parent.access));
  const statusOf = async () => (await api.get(csv, parent.access)).status;
  await expect.poll(statusOf).toBe(503);
  await leave(socket);
  await expect.poll(statusOf).toBe(200);
  await held.release();
});
