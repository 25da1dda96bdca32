import { afterAll, beforeAll, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { CountingProxy } from './support/counting-proxy.js';
import { addChild, openCampaign, openJar } from './support/factories.js';
import { holdNextReading } from './support/held-reading.js';

const proxy = new CountingProxy();
afterAll(() => proxy.close());

const api = useApi({ through: (databaseUrl) => proxy.before(databaseUrl) });
const plain = useApi({ on: () => api.database });
beforeAll(() => api.answers.hear(true));

const HOUR = 3_600_000;

/** The moment of all that is asked from now on. It only goes forward, as time does. */
function at(moment: number): void {
  api.clock.now = new Date(moment);
  plain.clock.now = new Date(moment);
}

/** An hour from the latest moment, with a fraction of a second. */
const nextDeadline = () => (api.clock.now ?? new Date()).getTime() + HOUR + 123;

/** Moments before and after a deadline, the borders of seconds among them. */
function momentsAround(deadline: number): number[] {
  const borders = [3600, 61, 60, 2, 1, 0, -1].flatMap((seconds) =>
    [-2, -1, 0, 1, 2].map((off) => deadline - seconds * 1000 + off),
  );
  const between = Array.from({ length: 20 }, () => deadline - Math.floor(Math.random() * HOUR));
  return [...borders, ...between].sort((a, b) => a - b);
}

test('the seconds that remain are right at any moment, from memory', async () => {
  const deadline = nextDeadline();
  const { campaign } = await openJar(api, { deadline: new Date(deadline).toISOString() });
  const paths = [`/campaigns/${campaign.id}/`, '/campaigns/', '/campaigns/?sort=ending_soon'];
  const statements = await proxy.during(async () => {
    for (const moment of momentsAround(deadline)) {
      at(moment);
      for (const path of paths) {
        const { body } = await api.get(path).expect(200);
        const shown = Array.isArray(body) ? body.find(({ id }) => id === campaign.id) : body;
        expect(shown, `${deadline - moment} ms before`).toMatchObject({
          seconds_remaining: Math.max(0, Math.floor((deadline - moment) / 1000)),
          is_expired: moment >= deadline,
          is_open: true,
        });
      }
    }
  });
  // Once, and once more when the deadline has passed.
  expect(statements).toBe(2 * paths.length);
});

test('an answer keeps its tag until the second changes', async () => {
  const deadline = nextDeadline();
  const { campaign } = await openJar(api, { deadline: new Date(deadline).toISOString() });
  const tagAt = async (moment: number) => {
    at(moment);
    return (await api.get(`/campaigns/${campaign.id}/`).expect(200)).headers['etag'];
  };
  const tag = await tagAt(deadline - 5000);
  expect(await tagAt(deadline - 4999)).not.toBe(tag);
  const next = await tagAt(deadline - 4500);
  expect(await tagAt(deadline - 4001)).toBe(next);
  expect(await tagAt(deadline - 4000)).toBe(next);
  expect(await tagAt(deadline - 3999)).not.toBe(next);
});

test('a campaign that is to close at its deadline is closed from that moment on', async () => {
  const deadline = nextDeadline();
  const { campaign } = await openJar(api, {
    deadline: new Date(deadline).toISOString(),
    close_at_deadline: true,
  });
  const isOpen = async () =>
    (await api.get(`/campaigns/${campaign.id}/`).expect(200)).body.is_open as boolean;
  const isListed = async (sort: string) => {
    const { body } = await api.get(`/campaigns/?sort=${sort}`).expect(200);
    return (body as { id: number }[]).some(({ id }) => id === campaign.id);
  };
  const seen = async () => [
    await isOpen(),
    await isListed('newest'),
    await isListed('ending_soon'),
  ];
  expect(await seen()).toEqual([true, true, true]);
  at(deadline - 1);
  expect(await seen()).toEqual([true, true, true]);
  at(deadline);
  expect(await seen()).toEqual([false, false, false]);
});

test('what ends soon is in order at each moment, from page to page', async () => {
  const first = nextDeadline();
  const { parent, child } = await openJar(api, { deadline: new Date(first).toISOString() });
  const deadlines = [1, 2, 3, 4].map((n) => first + n * 700);
  for (const deadline of deadlines) {
    const fields = { deadline: new Date(deadline).toISOString() };
    await openCampaign(
      api,
      parent,
      deadline === deadlines[1] ? await addChild(api, parent) : child,
      fields,
    );
  }
  for (const moment of [first - 1, first, ...deadlines.flatMap((one) => [one - 1, one])]) {
    at(moment);
    for (const size of [1, 2, 100]) {
      const path = `/campaigns/?sort=ending_soon&page_size=${size}`;
      const { body, headers } = await api.get(path).expect(200);
      expect(body).toEqual((await plain.get(path).expect(200)).body);
      const next = /<http:\/\/[^/]+(.*)>; rel="next"/.exec(headers['link'] ?? '')?.[1];
      if (next === undefined) continue;
      const second = await api.get(next).expect(200);
      expect(second.body).toEqual((await plain.get(next).expect(200)).body);
    }
  }
});

test('whoever joins a reading from before a deadline, and asks after it, has it read again', async () => {
  const deadline = nextDeadline();
  const { campaign } = await openJar(api, {
    deadline: new Date(deadline).toISOString(),
    close_at_deadline: true,
  });
  const listed = async () =>
    (await (await fetch(`${api.address}/campaigns/`)).json()) as { id: number }[];
  at(deadline - 1);
  const held = holdNextReading(api);
  const early = listed();
  await held.hasRead;
  at(deadline);
  const late = listed();
  // The late one is on its way through the server, which has one more answer to give.
  await api.get('/health/live').expect(200);
  held.release();
  expect((await early).map(({ id }) => id)).toContain(campaign.id);
  expect((await late).map(({ id }) => id)).not.toContain(campaign.id);
});
