import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Answer, Call, Place } from './place.js';

/** A request for a gift or a refund, which may be made again when it has a key. */
export interface Attempt extends Call {
  what: 'gift' | 'refund';
  /** Of a refund: the gift. */
  giftId?: number;
  /** The first 201. */
  acknowledged?: { id: number; amount_minor?: number; checkout_url?: string };
  /** The rules' first refusal. */
  refused?: string;
  /** Whether the last answer was lost, or was one to ask again. */
  unsure: boolean;
  /** Whether an answer was ever lost with its server. */
  wasCut: boolean;
  /** Answers to keys are erased with whom they tell of: then asking again is asking anew. */
  forgotten: boolean;
}

const REFUSALS = [
  'campaign_closed',
  'donation_not_completed',
  'refund_too_large',
  'idempotency_in_flight',
];

/** A gift to be asked for, which no other is like. */
export function newGift(
  { id }: { id: number },
  { amount, token, keyed }: { amount: number; token: string | undefined; keyed: boolean },
): Attempt {
  const comment = `gift ${randomUUID()}`;
  const guest = { donor_name: 'Aunt Kate', donor_email: 'kate@example.org' };
  return {
    ...NEW,
    what: 'gift',
    path: `/campaigns/${id}/donations/`,
    body: { amount, comment, ...(token === undefined && guest) },
    token,
    key: keyed ? comment : undefined,
  };
}

/** A refund of a gift, whole if no amount is said, which no other is like. */
export function newRefund(
  giftId: number,
  { amount, token, keyed }: { amount: number | undefined; token: string; keyed: boolean },
): Attempt {
  const reason = `refund ${randomUUID()}`;
  return {
    ...NEW,
    what: 'refund',
    giftId,
    path: `/donations/${giftId}/refunds/`,
    body: { reason, ...(amount !== undefined && { amount }) },
    token,
    key: keyed ? reason : undefined,
  };
}

const NEW = { method: 'POST', unsure: false, wasCut: false, forgotten: false } as const;

/** All that was asked for, and what was answered. */
export function openRequests({ ask }: Pick<Place, 'ask'>) {
  const attempts: Attempt[] = [];
  /** Pages at Stripe that a donor has seen. */
  const shown = new Set<string>();
  let mayBeCut = false;

  /** Makes a request; again, when it was made before. What is answered must agree with what was. */
  async function send(attempt: Attempt): Promise<void> {
    if (!attempts.includes(attempt)) attempts.push(attempt);
    const answer = await ask(attempt);
    if (answer.status === 'cut') {
      expect(mayBeCut, 'a server died by itself').toBe(true);
      attempt.wasCut = true;
    }
    judge(attempt, answer);
    const page = pageOf(attempt);
    if (page !== undefined) shown.add(page);
  }

  /** What is done meanwhile may kill servers. */
  async function withCuts(work: () => Promise<void>): Promise<void> {
    mayBeCut = true;
    await work().finally(() => (mayBeCut = false));
  }

  const acknowledged = (what: Attempt['what']) =>
    attempts.filter((one) => one.what === what && one.acknowledged);

  const repeatable = () => attempts.filter(({ key, forgotten }) => key !== undefined && !forgotten);

  return {
    send,
    withCuts,
    shown,
    all: attempts,
    acknowledged,
    repeatable,
    /** Those that can be asked again, and have to be. */
    unsure: () => repeatable().filter(({ unsure }) => unsure),
  };
}

/** The id of the page at Stripe that a gift was answered with. */
export function pageOf({ acknowledged }: Attempt): string | undefined {
  return acknowledged?.checkout_url?.split('/').at(-1);
}

export type Requests = ReturnType<typeof openRequests>;

function judge(attempt: Attempt, { status, body }: Answer): void {
  const what = `${String(status)} ${JSON.stringify(body)} to ${attempt.what} ${JSON.stringify(attempt)}`;
  if (status === 'cut' || status === 503) {
    attempt.unsure = true;
  } else if (status === 201) {
    expect(attempt.refused, what).toBeUndefined();
    attempt.acknowledged ??= body;
    // The reason of a refund goes with its campaign or donor; that it was made does not.
    expect({ ...body, reason: null }, what).toEqual({ ...attempt.acknowledged, reason: null });
    attempt.unsure = false;
  } else if (status === 409) {
    expect(REFUSALS, what).toContain(body.code);
    attempt.unsure = body.code === 'idempotency_in_flight';
    if (attempt.unsure) return;
    expect(attempt.acknowledged, what).toBeUndefined();
    attempt.refused ??= body.code as string;
    expect(body.code, what).toBe(attempt.refused);
  } else {
    // Its campaign or its donor is gone; what they were told went with them.
    expect([401, 403, 404], what).toContain(status);
    attempt.forgotten = true;
    attempt.unsure = false;
  }
}
