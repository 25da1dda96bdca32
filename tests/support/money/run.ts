import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import { addChild, openCampaign, registerParent, type TestCampaign } from '../factories.js';
import type { FakeEvent, Fault } from '../stripe.js';
import { openBooks } from './books.js';
import { expectBalance, openLook } from './equations.js';
import type { Place } from './place.js';
import { openPost } from './post.js';
import { newGift, newRefund, openRequests, type Attempt } from './requests.js';
import { endLeases, outlast, reconcile, workOff } from './rest.js';
import type { FaultName, GiftStep, Step } from './steps.js';

/** Processes that one run may kill: each start costs a second of a processor. */
const MOST_CRASHES = 2;

/** Attempts for what is refused for a moment only. */
const MOST_TRIES = 20;

const FAULTS: Record<FaultName, Fault> = {
  dropped: { drop: true },
  refused: { status: 500 },
  'done but refused': { status: 500, done: true },
  slow: { delay: 40 },
};

/** A family with three campaigns, a donor with an account, and everything that happens to them. */
export async function openRun(place: Place) {
  const { stripe, database } = place;
  const [since] = await database.sql<{ gift: number; campaign: number }>(`
    SELECT (SELECT coalesce(max(id), 0) FROM donations) AS gift,
           (SELECT coalesce(max(id), 0) FROM campaigns) AS campaign`);
  const books = openBooks(stripe);
  const api = await place.api();
  const owner = await registerParent(api);
  const child = await addChild(api, owner);
  const open = async (fields = {}) => openCampaign(await place.api(), owner, child, fields);
  const campaigns = [await open(), await open({ goal: 60, close_when_funded: true }), await open()];
  let donor = await registerParent(api);

  const look = openLook(place, since!);
  const requests = openRequests(place);
  const post = openPost(place);
  let crashes = 0;
  let hours = 0;
  let faults = 0;

  const gift = ({ campaign, amount, guest, keyed }: GiftStep): Attempt =>
    newGift(pick(campaigns, campaign)!, { amount, token: guest ? undefined : donor.access, keyed });

  const acknowledgedGifts = () =>
    requests.acknowledged('gift').map(({ acknowledged }) => acknowledged!);
  const sendAll = (attempts: Attempt[]) => Promise.all(attempts.map(requests.send));
  const fail = (name: FaultName | undefined) => {
    if (!name) return;
    stripe.next(FAULTS[name]);
    faults += 1;
  };

  async function take(step: Step): Promise<void> {
    await perform(step);
    await look.look(requests);
  }

  async function perform(step: Step): Promise<unknown> {
    switch (step.do) {
      case 'look':
        return;
      case 'give':
        fail(step.fault);
        return sendAll(times(step.together, () => gift(step.gift)));
      case 'repeat': {
        const attempt = pick(requests.repeatable(), step.which);
        if (!attempt) return;
        fail(step.fault);
        return sendAll(times(step.together, () => attempt));
      }
      case 'pay': {
        const pages = books.open().filter(({ id }) => requests.shown.has(id));
        const pay = (id: string) => (step.later ? stripe.payLater(id) : stripe.pay(id));
        return shuffled(pages, step.which)
          .slice(0, step.count)
          .map(({ id }) => pay(id));
      }
      case 'settle': {
        const page = pick(books.processing(), step.which);
        return page && stripe.settle(page.id, step.ok);
      }
      case 'expire': {
        const page = pick(books.open(), step.which);
        return page && stripe.expire(page.id);
      }
      case 'deliver': {
        const events = shuffled(step.old ? post.delivered() : post.waiting(), step.order);
        const some = events.slice(0, step.count);
        return post.deliver(times(step.times, () => some).flat());
      }
      case 'refund': {
        // Mostly of a gift that counts, for only that can be refunded.
        const any: { id: number }[] = step.which % 5 === 0 ? acknowledgedGifts() : look.counted();
        const given = pick(any, step.which);
        const { amount, keyed, together } = step;
        const refund = () => newRefund(given!.id, { amount, token: owner.access, keyed });
        return given && sendAll(times(together, refund));
      }
      case 'refund at Stripe': {
        const payment = pick(books.refundable(), step.which);
        stripe.refundsBegin = step.pending ? 'pending' : 'succeeded';
        return payment && stripe.refund(payment.id, Math.min(step.cents, payment.left));
      }
      case 'settle refund': {
        const refund = pick(books.unsettledRefunds(step.ok), step.which);
        return refund && stripe.settleRefund(refund.id, step.ok);
      }
      case 'lose dispute': {
        const payment = pick(books.refundable(), step.which);
        const { cents = Infinity } = step;
        return payment && stripe.loseDispute(payment.id, Math.min(cents, payment.amount));
      }
      case 'open or close':
        return asOwner('PATCH', pick(campaigns, step.which)!, { is_open: step.open });
      case 'delete campaign': {
        const campaign = pick(campaigns, step.which)!;
        await asOwner('DELETE', campaign);
        campaigns[campaigns.indexOf(campaign)] = await open();
        return;
      }
      case 'delete donor':
        return deleteDonor();
      case 'crash':
        return crash(step);
      case 'come to rest':
        return comeToRest(step.events);
    }
  }

  async function asOwner(method: 'PATCH' | 'DELETE', { id }: TestCampaign, body?: object) {
    const path = `/campaigns/${id}/`;
    const { status } = await place.ask({
      method,
      path,
      token: owner.access,
      ...(body && { body }),
    });
    // A campaign that closes at its goal does not open again.
    expect([200, 204, 400]).toContain(status);
  }

  async function deleteDonor(): Promise<void> {
    const { status } = await place.ask({
      method: 'DELETE',
      path: '/parents/me/',
      token: donor.access,
    });
    expect(status).toBe(204);
    donor = await registerParent(await place.api());
  }

  async function crash({
    after,
    gifts,
    repeats,
    deliveries,
  }: Step & { do: 'crash' }): Promise<void> {
    if (crashes === MOST_CRASHES) return;
    crashes += 1;
    await requests.withCuts(async () => {
      const repeated = shuffled(requests.repeatable(), after).slice(0, repeats);
      const inFlight = [
        sendAll([...gifts.map(gift), ...repeated]),
        post.deliver(shuffled(post.waiting(), after).slice(0, deliveries)),
      ];
      await wait(after);
      await Promise.all([...inFlight, place.servers.kill()]);
    });
    await sendAll(requests.unsure());
  }

  /** Lets everything come to its end: what is unsure is asked again, what waits is told, what is to do is done. */
  async function comeToRest(events: 'delivered' | 'lost'): Promise<void> {
    // A job that fails too often is given up: what goes wrong meets it while things happen, and then no more.
    await outlast(place, faults);
    faults = 0;
    if (events === 'lost') {
      post.lose(({ type }: FakeEvent) => type.startsWith('checkout.session'));
      await reconcile(place, (hours += 2));
    }
    for (let tries = 1; ; tries += 1) {
      await endLeases(place);
      const unsure = requests.unsure();
      await sendAll(unsure);
      await post.deliver(post.waiting());
      await workOff(place);
      if (post.waiting().length === 0 && unsure.length === 0) break;
      expect(tries, 'it does not come to rest').toBeLessThan(MOST_TRIES);
    }
    await look.look(requests);
    await look.expectRest(requests);
    await expectBalance(place);
  }

  /** Nobody pays any more, and all is told. */
  async function finish(): Promise<void> {
    for (const { id } of books.processing()) stripe.settle(id, true);
    for (const { id } of books.open()) stripe.expire(id);
    await comeToRest('delivered');
  }

  return { take, finish };
}

function pick<One>(all: One[], which: number): One | undefined {
  return all[which % all.length];
}

function times<One>(count: number, make: () => One): One[] {
  return Array.from({ length: count }, make);
}

/** Another order for each number, the same for the same. */
function shuffled<One>(all: One[], order: number): One[] {
  const place = (index: number) => ((index + 1) * (order + 7) * 7_919) % 1_009;
  return all
    .map((one, index) => ({ one, at: place(index) }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}
