import { describe, expect, test } from 'vitest';
import { encodeCursor } from '../src/http/api/cursor.js';
import { openJar, registerParent, type TestParent } from './support/factories.js';
import { usePayments } from './support/paying.js';

const payments = usePayments();
const { api } = payments;

interface Given {
  id: number;
  date_donated: string;
}

/** A campaign and a donor with an account, and all lists that tell of the gifts of both. */
async function listsOfGifts() {
  const { parent, campaign } = await openJar(api);
  const donor = await registerParent(api);
  const path = `/campaigns/${campaign.id}/donations/`;
  const read = async (url: string, as?: TestParent) =>
    (await api.get(url, as?.access).expect(200)).body as Given[];
  const lists: Record<string, () => Promise<Given[]>> = {
    'to the public': () => read(path),
    'to the owner': () => read(path, parent),
    'in the history': () => read('/donations/', donor),
    nested: async () => {
      const { body } = await api.get(`/campaigns/${campaign.id}/`, parent.access).expect(200);
      return body.donations as Given[];
    },
    'as CSV': async () => {
      const { text } = await api.get(`/campaigns/${campaign.id}/donations.csv`, parent.access);
      const rows = text.trim().split('\r\n').slice(1);
      return rows.map((row) => {
        const [id, date_donated] = row.split(',') as [string, string];
        return { id: Number(id), date_donated };
      });
    },
  };
  return { parent, campaign, donor, path, lists };
}

/** Sets when gifts were given, as if by requests of those moments. */
const given = (date: string, ...ids: number[]) =>
  api.database.sql('UPDATE donations SET date_donated = $1 WHERE id = ANY ($2)', [date, ids]);

const nextOf = (link: string | undefined) =>
  /<http:\/\/[^/]+(.*)>; rel="next"/.exec(link ?? '')?.[1] ?? null;

/** The ids of a list, page by page; something may happen after each page. */
async function paged(path: string, as?: TestParent, between?: () => Promise<unknown>) {
  const ids: number[] = [];
  for (let next: string | null = path; next !== null;) {
    const { body, headers } = await api.get(next, as?.access).expect(200);
    ids.push(...(body as Given[]).map(({ id }) => id));
    await between?.();
    next = nextOf(headers['link']);
  }
  return ids;
}

describe('gifts are listed by when they count, newest first', () => {
  test('one that was begun first and paid last stands above', async () => {
    const { campaign, donor, lists } = await listsOfGifts();
    const first = await payments.begin(campaign, {}, donor);
    const second = await payments.begin(campaign, {}, donor);
    api.clock.now = new Date(Date.now() + 60_000);
    await payments.pay(second);
    api.clock.now = new Date(Date.now() + 120_000);
    await payments.pay(first);
    api.clock.now = null;
    for (const [name, read] of Object.entries(lists)) {
      const gifts = await read();
      expect(
        gifts.map(({ id }) => id),
        name,
      ).toEqual([first.id, second.id]);
      const dates = gifts.map(({ date_donated: date }) => date);
      expect(dates, name).toEqual([...dates].sort().reverse());
    }
  });

  test('those of one moment by id, and pages of any size hold each once', async () => {
    const { campaign, donor, parent, path, lists } = await listsOfGifts();
    const ids: number[] = [];
    for (let i = 0; i < 7; i += 1) ids.push((await payments.give(campaign, {}, donor)).id);
    const [a, b, c, d, e, f, g] = ids as [number, number, number, number, number, number, number];
    await given('2026-01-02T00:00:00.000Z', a, c, g);
    await given('2026-01-01T23:59:59.999Z', b, f);
    await given('2026-01-02T00:00:00.001Z', d, e);
    const order = [e, d, g, c, a, f, b];
    for (const [name, read] of Object.entries(lists))
      expect(
        (await read()).map(({ id }) => id),
        name,
      ).toEqual(order);
    for (const size of [1, 2, 3, 6, 7]) {
      expect(await paged(`${path}?page_size=${size}`)).toEqual(order);
      expect(await paged(`${path}?page_size=${size}`, parent)).toEqual(order);
      expect(await paged(`/donations/?page_size=${size}`, donor)).toEqual(order);
    }
  });

  test('gifts that begin to count while somebody reads are neither skipped nor shown twice', async () => {
    const { campaign, path } = await listsOfGifts();
    const waiting = await Promise.all(Array.from({ length: 4 }, () => payments.begin(campaign)));
    const listed: number[] = [];
    for (let i = 0; i < 4; i += 1) listed.push((await payments.give(campaign)).id);
    const ids = await paged(`${path}?page_size=1`, undefined, async () => {
      const next = waiting.pop();
      if (next) await payments.pay(next);
    });
    expect(ids).toEqual(listed.reverse());
  });

  test('gifts that may be claimed, too', async () => {
    const { campaign } = await listsOfGifts();
    const claimant = await registerParent(api);
    await api.database.sql('UPDATE parents SET email_verified_at = now() WHERE id = $1', [
      claimant.id,
    ]);
    const fields = { donor_email: claimant.email };
    const first = await payments.begin(campaign, fields);
    const second = await payments.give(campaign, fields);
    await payments.pay(first);
    await given('2026-01-01T00:00:00.000Z', first.id);
    await given('2026-01-02T00:00:00.000Z', second.id);
    const path = '/donations/claimable/?page_size=1';
    expect(await paged(path, claimant)).toEqual([second.id, first.id]);
  });
});

test.each([
  { id: 5 },
  { at: 1, id: 0 },
  { at: -1, id: 5 },
  { at: 1.5, id: 5 },
  { at: 1e15, id: 5 },
  { at: '2026-01-01T00:00:00Z', id: 5 },
  { at: null, id: 5 },
])('a place of another form gets 400: %j', async (place) => {
  const { donor, path } = await listsOfGifts();
  for (const url of [path, '/donations/', '/donations/claimable/']) {
    const { body } = await api.get(`${url}?cursor=${encodeCursor(place)}`, donor.access);
    expect(body, url).toEqual({ cursor: ['Invalid cursor.'] });
  }
});

test('the farthest places are places', async () => {
  const { path } = await listsOfGifts();
  for (const place of [
    { at: 0, id: 1 },
    { at: 253_402_300_799_999, id: 2_147_483_647 },
  ]) {
    await api.get(`${path}?cursor=${encodeCursor(place)}`).expect(200);
  }
});
