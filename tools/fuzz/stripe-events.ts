import { createHmac } from 'node:crypto';
import { shuffled, type Dice } from '../demo-data/random.js';
import { NASTY_JSON, NASTY_TEXTS } from './nasty-values.js';
import type { Draft } from './requests.js';
import type { World } from './world.js';

/** The operation that hears from Stripe. */
export const WEBHOOK = 'POST /webhooks/stripe/';

/** Of signed events: those that are cut off. */
const CUT = 0.1;

const CHECKOUT_TYPES = [
  'checkout.session.completed',
  'checkout.session.async_payment_succeeded',
  'checkout.session.async_payment_failed',
  'checkout.session.expired',
];

const REFUND_TYPES = ['charge.refunded', 'refund.created', 'refund.updated', 'refund.failed'];

const LARGEST_AMOUNT = 10_000_000;

/**
 * Makes of a request an event that is signed as Stripe signs. It is in Stripe's own form, and nasty wherever
 * that leaves a choice; none is of a payment that Stripe would have to be asked about, for it is away.
 */
export function signAsStripe(draft: Draft, dice: Dice, world: World, secret: string): void {
  const whole = Buffer.from(nastyEvent(dice, world));
  const body = dice.chance(CUT) ? whole.subarray(0, dice.between(1, whole.length - 1)) : whole;
  const t = Math.floor(Date.now() / 1_000);
  const v1 = createHmac('sha256', secret).update(`${t}.`).update(body).digest('hex');
  draft.headers['Stripe-Signature'] = `t=${t},v1=${v1}`;
  draft.headers['Content-Type'] = 'application/json; charset=utf-8';
  draft.fields = undefined;
  draft.body = body;
}

function nastyEvent(dice: Dice, world: World): string {
  const kind = dice.pick(['checkout', 'refund', 'dispute', 'other'] as const);
  const [type, object] = {
    checkout: () => [dice.pick(CHECKOUT_TYPES), session(dice, world)],
    refund: () => [dice.pick(REFUND_TYPES), refund(dice, world)],
    dispute: () => ['charge.dispute.closed', dispute(dice, world)],
    other: () => [text(dice), dice.pick(NASTY_JSON)],
  }[kind]() as [string, string];
  // Stripe's own ids are short and plain; the same one now and then, as an event may come twice.
  const id = dice.chance(0.2) ? 'evt_again' : `evt_${world.newName()}`;
  return objectOf(dice, {
    id: `"${id}"`,
    type: JSON.stringify(type),
    data: `{"object":${object}}`,
    livemode: dice.chance(0.8) ? 'false' : dice.pick(NASTY_JSON),
  });
}

function session(dice: Dice, world: World): string {
  return objectOf(dice, {
    id: idOf(dice, world, 'cs'),
    mode: JSON.stringify(dice.chance(0.8) ? 'payment' : text(dice)),
    status: `"${dice.pick(['open', 'complete', 'expired'])}"`,
    payment_status: `"${dice.pick(['paid', 'unpaid', 'no_payment_required'])}"`,
    amount_total: amount(dice),
    currency: JSON.stringify(dice.chance(0.7) ? 'usd' : text(dice)),
    payment_intent: dice.pick(['null', JSON.stringify(text(dice))]),
    metadata: metadata(dice, world, 'donation_id'),
  });
}

function refund(dice: Dice, world: World): string {
  return objectOf(dice, {
    id: idOf(dice, world, 're'),
    amount: amount(dice),
    status: dice.pick(['"pending"', '"requires_action"', '"succeeded"', '"canceled"', 'null']),
    payment_intent: 'null',
    metadata: metadata(dice, world, 'refund_id'),
    refunds: dice.pick(NASTY_JSON),
  });
}

function dispute(dice: Dice, world: World): string {
  return objectOf(dice, {
    id: idOf(dice, world, 'du'),
    status: JSON.stringify(dice.chance(0.5) ? 'lost' : text(dice)),
    amount: amount(dice),
    currency: JSON.stringify(text(dice)),
    payment_intent: 'null',
  });
}

/** Mostly as Stripe makes them: an event with another id is taken and has no effect. */
function idOf(dice: Dice, world: World, prefix: string): string {
  return JSON.stringify(dice.chance(0.8) ? `${prefix}_${world.newName()}` : text(dice));
}

/** Somebody else's may hold anything; ours names a gift of this platform, or none. */
function metadata(dice: Dice, world: World, name: string): string {
  if (dice.chance(0.2)) return dice.pick(NASTY_JSON);
  const ids = [...world.people, { ids: world.publicIds }].flatMap(
    (one) => one.ids.get('donations') ?? [],
  );
  const ours = ids.length > 0 && dice.chance(0.5) ? `"${dice.pick(ids)}"` : dice.pick(NASTY_JSON);
  return objectOf(dice, {
    [name]: ours,
    made_at: dice.pick([`"${Date.now()}"`, '"999999999999999"', dice.pick(NASTY_JSON)]),
  });
}

function amount(dice: Dice): string {
  return `${dice.pick([0, -1, 2 ** 31, 2 ** 53 - 1, dice.between(1, LARGEST_AMOUNT)])}`;
}

/** Stripe's own text: anything that UTF-8 can hold. */
function text(dice: Dice): string {
  return dice.pick(NASTY_TEXTS).toWellFormed();
}

function objectOf(dice: Dice, fields: Record<string, string>): string {
  const parts = Object.entries(fields).map(([name, value]) => `${JSON.stringify(name)}:${value}`);
  return `{${shuffled(dice, parts).join(',')}}`;
}
