import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, Exchange } from './client.js';
import { none, type Finding } from './findings.js';
import { giving, type Gift } from './traffic.js';
import type { World } from './world.js';

/** Milliseconds: who sends a gift again does so with pauses, and not for ever. */
const PAUSE = 250;
const LONGEST = 20_000;
const AT_ONCE = 10;

/** Gifts known to be stored that are sent again all the same. */
const SENT_AGAIN = 100;

const STORED = `
  SELECT comment AS key, min(id) AS id, min(amount) AS amount, min(campaign_id) AS campaign, count(*)::int AS times
    FROM donations WHERE comment = ANY($1) GROUP BY comment`;

const WRONG_TOTALS = `
  SELECT c.id FROM campaigns c
    LEFT JOIN LATERAL (
      SELECT coalesce(sum(amount::bigint * 100 - refunded), 0) AS net,
             count(*) FILTER (WHERE refunded < amount * 100) AS gifts
        FROM donations d WHERE d.campaign_id = c.id AND d.status = 'completed') sums ON true
   WHERE c.net_raised <> sums.net OR c.donation_count <> sums.gifts`;

interface Stored extends Gift {
  id: number;
  times: number;
}

/**
 * Compares what was acknowledged with what is stored, once all is well again: first every gift whose fate is
 * unknown is sent again under its key, and so are many that are known.
 */
export async function settle(
  { sql }: Pick<World, 'sql'>,
  client: Client,
  exchanges: Exchange[],
): Promise<Finding[]> {
  const tried = exchanges.flatMap(({ ask: { gift }, giftId }) => (gift ? [{ gift, giftId }] : []));
  const known = tried.filter(({ giftId }) => giftId !== undefined);
  const unknown = tried.filter(({ giftId }) => giftId === undefined);
  const again = await sendAll(client, [...unknown, ...known.slice(-SENT_AGAIN)]);
  const unsettled = again.filter(({ id }) => id === undefined);
  const changed = again.filter(({ giftId, id }) => giftId !== undefined && id !== giftId);

  const ids = new Map(known.map(({ gift, giftId }) => [gift.key, giftId]));
  for (const { gift, id } of again) if (!ids.has(gift.key)) ids.set(gift.key, id);
  const rows = await sql<Stored>(STORED, [tried.map(({ gift }) => gift.key)]);
  const stored = new Map(rows.map((row) => [row.key, row]));
  const lost = tried.filter(({ gift }) => {
    const id = ids.get(gift.key);
    return id !== undefined && !isStored(stored.get(gift.key), gift, id);
  });
  const doubled = rows.filter(({ times }) => times > 1);
  const wrong = await sql(WRONG_TOTALS);
  return [
    {
      what: 'gifts acknowledged, others',
      measured: `${known.length}, ${unknown.length}`,
      goal: '',
      met: true,
    },
    none('gifts that never came through, sent again', unsettled.length),
    none('gifts sent again that got another id', changed.length),
    none('gifts lost', lost.length),
    none('gifts doubled', doubled.length),
    none('campaigns whose totals are not the sums', wrong.length),
  ];
}

function isStored(row: Stored | undefined, gift: Gift, id: number): boolean {
  return row?.id === id && row.amount === gift.amount && row.campaign === gift.campaign;
}

interface Tried {
  gift: Gift;
  giftId: number | undefined;
}

async function sendAll(client: Client, gifts: Tried[]): Promise<(Tried & { id?: number })[]> {
  const waiting = [...gifts];
  const end = performance.now() + LONGEST;
  const sent: (Tried & { id?: number })[] = [];
  const lane = async () => {
    for (let one = waiting.pop(); one; one = waiting.pop()) {
      const id = await insist(client, one.gift, end);
      sent.push({ ...one, ...(id !== undefined && { id }) });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return sent;
}

/** As a client does that wants to know: again under the same key until it is told. */
async function insist(client: Client, gift: Gift, end: number): Promise<number | undefined> {
  for (;;) {
    const { giftId } = await client.send(giving(gift));
    if (giftId !== undefined || performance.now() > end) return giftId;
    await sleep(PAUSE);
  }
}
