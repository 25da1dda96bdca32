import fc from 'fast-check';

/** One thing that happens. A number picks one of those that are there, whatever their count. */
export type Step =
  | { do: 'look' }
  | { do: 'give'; gift: GiftStep; together: number; fault?: FaultName }
  | { do: 'repeat'; which: number; together: number; fault?: FaultName }
  | { do: 'pay'; which: number; count: number; later: boolean }
  | { do: 'settle'; which: number; ok: boolean }
  | { do: 'expire'; which: number }
  | { do: 'deliver'; count: number; order: number; times: number; old: boolean }
  | { do: 'refund'; which: number; amount: number | undefined; keyed: boolean; together: number }
  | { do: 'refund at Stripe'; which: number; cents: number; pending: boolean }
  | { do: 'settle refund'; which: number; ok: boolean }
  | { do: 'lose dispute'; which: number; cents: number | undefined }
  | { do: 'open or close'; which: number; open: boolean }
  | { do: 'delete campaign'; which: number }
  | { do: 'delete donor' }
  | { do: 'crash'; after: number; gifts: GiftStep[]; repeats: number; deliveries: number }
  | { do: 'come to rest'; events: 'delivered' | 'lost' };

export interface GiftStep {
  campaign: number;
  amount: number;
  guest: boolean;
  keyed: boolean;
}

/** What goes wrong with the next call to Stripe. */
export type FaultName = 'dropped' | 'refused' | 'done but refused' | 'slow';

/** As one writes them: easier to read in a failure. */
const PLAIN = { noNullPrototype: true } as const;

const which = fc.nat(1_000);
const together = fc.integer({ min: 1, max: 3 });
const fault = fc.constantFrom('dropped', 'refused', 'done but refused', 'slow');
/** Few figures, so that they meet: the rest of a gift, its half, a goal. */
const amount = fc.constantFrom(1, 5, 10, 25, 60);
const cents = fc.constantFrom(1, 99, 100, 250, 2_500);

const gift: fc.Arbitrary<GiftStep> = fc.record(
  { campaign: which, amount, guest: fc.boolean(), keyed: fc.boolean() },
  PLAIN,
);

const happens = (
  weight: number,
  name: Step['do'],
  fields: Record<string, fc.Arbitrary<unknown>>,
) => ({
  weight,
  arbitrary: fc.record({ do: fc.constant(name), ...fields }, PLAIN),
});

/** A step shrinks to a look, which changes nothing. */
const step = fc.oneof(
  { withCrossShrink: true },
  happens(1, 'look', {}),
  happens(18, 'give', { gift, together, fault: fc.option(fault, { nil: undefined, freq: 2 }) }),
  happens(8, 'repeat', { which, together, fault: fc.option(fault, { nil: undefined, freq: 3 }) }),
  happens(16, 'pay', { which, count: fc.integer({ min: 1, max: 4 }), later: fc.boolean() }),
  happens(6, 'settle', { which, ok: fc.boolean() }),
  happens(3, 'expire', { which }),
  happens(14, 'deliver', {
    count: fc.integer({ min: 1, max: 12 }),
    order: which,
    times: fc.integer({ min: 1, max: 3 }),
    old: fc.boolean(),
  }),
  happens(14, 'refund', {
    which,
    amount: fc.option(amount, { nil: undefined, freq: 3 }),
    keyed: fc.boolean(),
    together,
  }),
  happens(6, 'refund at Stripe', { which, cents, pending: fc.boolean() }),
  happens(9, 'settle refund', { which, ok: fc.boolean() }),
  happens(3, 'lose dispute', { which, cents: fc.option(cents, { nil: undefined }) }),
  happens(6, 'open or close', { which, open: fc.boolean() }),
  happens(3, 'delete campaign', { which }),
  happens(1, 'delete donor', {}),
  happens(5, 'crash', {
    after: fc.integer({ min: 0, max: 25 }),
    gifts: fc.array(gift, { minLength: 2, maxLength: 6 }),
    repeats: fc.nat(3),
    deliveries: fc.nat(4),
  }),
  happens(4, 'come to rest', { events: fc.constantFrom('delivered', 'lost') }),
) as fc.Arbitrary<Step>;

/** So many steps; those that change nothing are left out of what is shown of a failure. */
export function steps(count: number): fc.Arbitrary<Step[]> {
  return fc
    .array(step, { minLength: count, maxLength: count, size: 'max' })
    .map((all) => all.filter((one) => one.do !== 'look'));
}
