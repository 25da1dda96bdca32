import { runOnce } from 'graphile-worker';
import { afterAll, beforeAll, expect } from 'vitest';
import type { JobContext } from '../../src/context.js';
import { reconcilePayments } from '../../src/features/giving/payments/reconciliation.service.js';
import { sendRefund } from '../../src/features/giving/refunds/stripe-refunds.service.js';
import { createPaymentGateway } from '../../src/integrations/stripe/gateway.js';
import { workerLogger } from '../../src/jobs/worker-log.js';
import { openWorkerPool } from '../../src/jobs/worker-pool.js';
import { useApi, type Api, type ApiOptions } from './api.js';
import { guestGift, type TestCampaign, type TestParent } from './factories.js';
import { outboxEmpty } from './outbox.js';
import { startStripe, type FakeStripe } from './stripe.js';
import { SETTINGS } from './worker.js';

export const HOUR = 60 * 60 * 1000;
export const DAY = 24 * HOUR;

/** A gift that is to be paid, or is, and the page for that. */
export interface TestGift {
  id: number;
  sessionId: string;
}

export interface PaidGift extends TestGift {
  paymentIntent: string;
}

/** What has become of a gift, as the campaign's owner sees it. */
export interface Course {
  status: string;
  refunded_amount: number;
}

/** An API whose gifts are paid at a Stripe of its own. */
export interface Payments {
  api: Api;
  stripe: FakeStripe;
  /** Gives, up to the page to pay at. */
  begin(campaign: TestCampaign, fields?: object, parent?: TestParent): Promise<TestGift>;
  /** Gives and pays, and Stripe tells of it. */
  give(campaign: TestCampaign, fields?: object, parent?: TestParent): Promise<PaidGift>;
  /** Pays what was begun, and Stripe tells of it. */
  pay(gift: TestGift): Promise<PaidGift>;
  /** Pays; Stripe's news is lost. */
  paySilently(gift: TestGift): PaidGift;
  /** Stripe tells of events, one after the other, and each is taken. */
  deliver(...events: object[]): Promise<void>;
  /** What a job is told at a moment: now unless told. */
  context(now?: Date): JobContext;
  /** The job that asks Stripe, so many milliseconds from now. */
  reconcile(later?: number): Promise<void>;
  /** Does the jobs that send refunds, those too that wait for another attempt. */
  sendRefunds(): Promise<void>;
  /** The mails that a gift has caused so far, and how often each was asked for. */
  mails(donationId: number): Promise<Record<string, number>>;
  /** Undefined when the owner does not see the gift. */
  course(campaign: TestCampaign, owner: TestParent, id: number): Promise<Course | undefined>;
  /** What the public sees of a campaign's money. */
  totals(campaign: TestCampaign): Promise<{ total: number; gifts: number; listed: number[] }>;
}

/** Starts the API and its Stripe before the tests of a file, and ends them after. */
export function usePayments({
  longestWait,
  secretKey,
  ...options
}: ApiOptions & { longestWait?: number; secretKey?: string } = {}): Payments {
  let stripe: FakeStripe;
  const gateway = () =>
    createPaymentGateway({ ...stripe.config, ...(secretKey && { secretKey }) }, longestWait);
  beforeAll(async () => {
    stripe = await startStripe();
  });
  const api = useApi({ frontendUrl: 'https://app.example', stripe: gateway, ...options });
  afterAll(() => stripe.stop());

  const begin: Payments['begin'] = async (campaign, fields = {}, parent) => {
    const input = parent ? { amount: 25, ...fields } : guestGift(fields);
    const path = `/campaigns/${campaign.id}/donations/`;
    const { body } = await api.post(path, input, parent?.access).expect(201);
    const { id, checkout_url: url } = body as { id: number; checkout_url: string };
    const session = [...stripe.ledger.sessions.values()].find((one) => one.url === url);
    return { id, sessionId: session!.id };
  };
  const paymentOf = (gift: TestGift): PaidGift => {
    const { payment_intent: paymentIntent } = stripe.ledger.sessions.get(gift.sessionId)!;
    return { ...gift, paymentIntent: paymentIntent! };
  };
  const pay: Payments['pay'] = async (gift) => {
    await deliver(stripe.pay(gift.sessionId));
    return paymentOf(gift);
  };
  const deliver: Payments['deliver'] = async (...events) => {
    for (const event of events) expect(await stripe.deliver(event, api.address)).toBe(200);
  };
  const context: Payments['context'] = (now = new Date()) => ({
    now,
    db: api.db,
    log: api.log,
    settings: { ...SETTINGS, payments: 'stripe', stripe: gateway() },
  });

  return {
    api,
    get stripe() {
      return stripe;
    },
    begin,
    pay,
    give: async (...asked) => pay(await begin(...asked)),
    paySilently: (gift) => {
      stripe.pay(gift.sessionId);
      return paymentOf(gift);
    },
    deliver,
    context,
    reconcile: (later = 0) => reconcilePayments(context(new Date(Date.now() + later))),
    sendRefunds: async () => {
      await api.database.sql('UPDATE graphile_worker._private_jobs SET run_at = now()');
      // A pool that the queue opens itself, by connectionString, may outlive the call and then the database.
      const pgPool = openWorkerPool(api.database.url, 2, api.log, SETTINGS.waits.worker);
      await runOnce({
        pgPool,
        noHandleSignals: true,
        logger: workerLogger(api.log),
        taskList: {
          send_refund: (payload) =>
            sendRefund(context(), (payload as { refundId: number }).refundId),
        },
      }).finally(() => pgPool.end());
    },
    mails: async (donationId) => {
      await outboxEmpty(api.database);
      const jobs = await api.database.sql<{ mail: string; times: number }>(
        `SELECT split_part(key, ' ', 1) AS mail, revision + 1 AS times
           FROM graphile_worker.jobs WHERE task_identifier = 'send_mail' AND key LIKE 'gift%' AND split_part(key, ' ', 2) = $1::text`,
        [donationId],
      );
      return Object.fromEntries(jobs.map(({ mail, times }) => [mail, times]));
    },
    course: async ({ id: campaignId }, { access }, id) => {
      const { body } = await api.get(`/campaigns/${campaignId}/donations/`, access).expect(200);
      const gift = (body as (Course & { id: number })[]).find((one) => one.id === id);
      return gift && { status: gift.status, refunded_amount: gift.refunded_amount };
    },
    totals: async ({ id }) => {
      const { body } = await api.get(`/campaigns/${id}/`).expect(200);
      const gifts = await api.get(`/campaigns/${id}/donations/`).expect(200);
      return {
        total: body.total_raised as number,
        gifts: body.donation_count as number,
        listed: (gifts.body as { id: number }[]).map((gift) => gift.id),
      };
    },
  };
}
