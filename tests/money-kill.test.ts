import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { openJar, registerParent } from './support/factories.js';
import { expectBalance, openLook } from './support/money/equations.js';
import { openPlace, type Payments, type Place } from './support/money/place.js';
import { openPost } from './support/money/post.js';
import {
  newGift,
  openRequests,
  pageOf,
  type Attempt,
  type Requests,
} from './support/money/requests.js';
import { endLeases, workOff } from './support/money/rest.js';
import { PATIENCE } from './support/patience.js';

const KILLS = Number(process.env.KILLS ?? 1);
const GIVERS = 10;

let place: Place;
afterEach(() => place.close());

test.each(['pledge', 'stripe'] as const)(
  `${KILLS} servers killed amid gifts lose nothing and count nothing twice (%s)`,
  async (payments) => {
    const { requests, look, post } = await giveAndKill(payments);
    await comeToRest(post, requests);

    await look.look(requests);
    await look.expectRest(requests);
    await expectBalance(place);
    await expectAsManyAsAnswered(requests);
  },
  2 * PATIENCE + KILLS * 60_000,
);

/** Givers who never stop giving, with a key and without, while one server after another is killed. */
async function giveAndKill(payments: Payments) {
  place = await openPlace(payments);
  const api = await place.api();
  const { campaign } = await openJar(api, { goal: 100_000 });
  const donor = await registerParent(api);
  const look = openLook(place, { gift: 0, campaign: 0 });
  const requests = openRequests(place);
  const post = openPost(place);
  let over = false;
  const isOver = () => over;

  async function keepGiving(_: unknown, index: number): Promise<void> {
    const token = index % 3 === 0 ? donor.access : undefined;
    const keyed = index % 2 === 0;
    for (let turn = 1; !isOver(); turn += 1) {
      const gift = newGift(campaign, { amount: turn, token, keyed });
      await requests.send(gift);
      if (keyed) await askAgain(gift);
      const page = pageOf(gift);
      if (page !== undefined) await payAndTell(page);
    }
  }

  /** As a client does that lost the answer. */
  async function askAgain(gift: Attempt): Promise<void> {
    while (gift.unsure && !isOver()) {
      await requests.send(gift);
      await wait(20);
    }
  }

  async function payAndTell(page: string): Promise<void> {
    place.stripe.pay(page);
    await post.deliver([...post.waiting(), ...post.delivered().slice(-2)]);
  }

  await requests.withCuts(async () => {
    const giving = Promise.all(Array.from({ length: GIVERS }, keepGiving));
    for (let kill = 1; kill <= KILLS; kill += 1) {
      await place.servers.kill();
      await look.look(requests);
    }
    over = true;
    await giving;
  });
  expect(place.servers.killed).toBe(KILLS);
  expect(requests.all.filter((one) => one.wasCut).length).toBeGreaterThan(0);
  return { requests, look, post };
}

async function comeToRest(post: ReturnType<typeof openPost>, requests: Requests): Promise<void> {
  await endLeases(place);
  await Promise.all(requests.unsure().map(requests.send));
  await post.deliver(post.waiting());
  await workOff(place);
  expect(requests.unsure()).toEqual([]);
  expect(post.waiting()).toEqual([]);
}

/** Each 201 is one gift; a gift without one is of a request without a key that was cut off. */
async function expectAsManyAsAnswered({ all, acknowledged }: Requests) {
  const ids = acknowledged('gift').map((one) => one.acknowledged!.id);
  expect(new Set(ids).size).toBe(ids.length);
  const [stored] = await place.database.sql<{ gifts: number }>(
    `SELECT count(*)::int AS gifts FROM donations`,
  );
  expect(stored!.gifts).toBeGreaterThanOrEqual(ids.length);
  const unanswered = all.filter(({ unsure }) => unsure);
  expect(stored!.gifts - ids.length).toBeLessThanOrEqual(unanswered.length);
}
