import type { FakeStripe } from '../stripe.js';

/** What has come into Stripe's books since now, by what can happen to it next. */
export function openBooks({ ledger }: FakeStripe) {
  const before = { sessions: ledger.sessions.size, refunds: ledger.refunds.size };
  const sessions = () => [...ledger.sessions.values()].slice(before.sessions);
  const refunds = () => [...ledger.refunds.values()].slice(before.refunds);
  const paymentOf = (one: { payment_intent: string | null }) =>
    ledger.payments.get(one.payment_intent ?? '');
  const isDisputed = (id: string) =>
    [...ledger.disputes.values()].some((one) => one.payment_intent === id);

  return {
    /** Pages that nobody has paid. */
    open: () => sessions().filter(({ status }) => status === 'open'),
    /** Pages whose payment is on its way. */
    processing: () => sessions().filter((one) => paymentOf(one)?.status === 'processing'),
    /** Payments of which something can be taken back, and how much, in minor units. */
    refundable: () =>
      sessions()
        .flatMap((one) => paymentOf(one) ?? [])
        .filter(({ id }) => !isDisputed(id))
        .map(({ id, amount, metadata: { donation_id: gift } }) => {
          return { id, amount, left: ledger.paid(Number(gift)) - ledger.refunded(Number(gift)) };
        })
        .filter(({ left }) => left > 0),
    /** Refunds that may yet succeed, or fail: at the bank even those that succeeded. */
    unsettledRefunds: (ok: boolean) =>
      refunds().filter(({ status }) => status === 'pending' || (!ok && status === 'succeeded')),
  };
}
