import { find, invalid, StripeSaysNo, type Ledger } from './ledger.js';

/** A call as it came in: form fields by their names as sent, such as `metadata[donation_id]`. */
export interface Call {
  method: string;
  path: string;
  params: Record<string, string>;
  idempotencyKey: string | undefined;
}

const PRICE = 'line_items[0][price_data]';

const SESSION_PARAMS = [
  'mode',
  'line_items[0][quantity]',
  `${PRICE}[currency]`,
  `${PRICE}[unit_amount]`,
  `${PRICE}[product_data][name]`,
  'customer_email',
  'metadata[donation_id]',
  'metadata[made_at]',
  'payment_intent_data[metadata][donation_id]',
  'payment_intent_data[metadata][made_at]',
  'success_url',
  'cancel_url',
] as const;

const REFUND_PARAMS = [
  'payment_intent',
  'amount',
  'metadata[refund_id]',
  'metadata[donation_id]',
] as const;

const LIST_PARAMS = ['payment_intent', 'limit', 'starting_after'] as const;

/** Does what is asked. @throws StripeSaysNo; so too for parameters that nobody here has a use for. */
export function perform(
  ledger: Ledger,
  { method, path, params }: Call,
  refundsBegin: 'pending' | 'succeeded',
): object {
  const [, id = ''] = /^\/v1\/checkout\/sessions\/([^/]+)$/.exec(path) ?? [];
  if (method === 'GET' && id) return find(ledger.sessions, decodeURIComponent(id));
  switch (`${method} ${path}`) {
    case 'POST /v1/checkout/sessions':
      return openSession(ledger, only(params, SESSION_PARAMS));
    case 'GET /v1/checkout/sessions':
      return listSessions(ledger, only(params, LIST_PARAMS));
    case 'POST /v1/refunds':
      return refund(ledger, only(params, REFUND_PARAMS), refundsBegin);
    case 'GET /v1/refunds':
      return listRefunds(ledger, only(params, LIST_PARAMS));
    default:
      throw new StripeSaysNo(404, {
        type: 'invalid_request_error',
        message: `Unrecognized request URL (${method}: ${path}).`,
      });
  }
}

type Given<Name extends string> = Partial<Record<Name, string>>;

function only<const Name extends string>(
  params: Record<string, string>,
  known: readonly Name[],
): Given<Name> {
  const odd = Object.keys(params).find((name) => !known.includes(name as Name));
  if (odd !== undefined) {
    throw invalid(`Received unknown parameter: ${odd}`, 'parameter_unknown', odd);
  }
  return params as Given<Name>;
}

function openSession(ledger: Ledger, params: Given<(typeof SESSION_PARAMS)[number]>): object {
  if (params.mode !== 'payment') throw invalid('Only payments here.', undefined, 'mode');
  need(params, `${PRICE}[product_data][name]`);
  const unitAmount = amountOf(params, `${PRICE}[unit_amount]`);
  return ledger.openSession({
    amount_total: unitAmount * amountOf(params, 'line_items[0][quantity]'),
    currency: need(params, `${PRICE}[currency]`),
    customer_email: params.customer_email ?? null,
    metadata: pick(params, 'metadata'),
    paymentMetadata: pick(params, 'payment_intent_data[metadata]'),
    success_url: need(params, 'success_url'),
    cancel_url: params.cancel_url ?? null,
  });
}

function refund(
  ledger: Ledger,
  params: Given<(typeof REFUND_PARAMS)[number]>,
  begin: 'pending' | 'succeeded',
): object {
  const asked = {
    payment_intent: need(params, 'payment_intent'),
    amount: params.amount === undefined ? undefined : amountOf(params, 'amount'),
    metadata: pick(params, 'metadata'),
  };
  return ledger.refund(asked, begin).refund;
}

type ListParams = Given<(typeof LIST_PARAMS)[number]>;

function listSessions(ledger: Ledger, params: ListParams): object {
  const asked = need(params, 'payment_intent');
  const all = [...ledger.sessions.values()].filter(
    ({ payment_intent: paymentIntent }) => paymentIntent === asked,
  );
  return pageOf(all, params);
}

function listRefunds(ledger: Ledger, params: ListParams): object {
  return pageOf(ledger.refundsOf({ id: need(params, 'payment_intent') }), params);
}

function pageOf(all: { id: string }[], { limit = '10', starting_after: after }: ListParams) {
  const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
  const end = start + Number(limit);
  return { object: 'list', data: all.slice(start, end), has_more: end < all.length };
}

function need<Name extends string>(params: Given<Name>, name: Name): string {
  const value = params[name];
  if (value) return value;
  throw invalid(`Missing required param: ${name}.`, 'parameter_missing', name);
}

function amountOf<Name extends string>(params: Given<Name>, name: Name): number {
  const value = need(params, name);
  if (!/^[1-9]\d{0,7}$/.test(value)) {
    throw invalid(`Invalid integer: ${value}`, 'parameter_invalid_integer', name);
  }
  return Number(value);
}

function pick(params: Record<string, string>, parent: string): Record<string, string> {
  const own = Object.entries(params).filter(([name]) => name.startsWith(`${parent}[`));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(parent.length + 1, -1), value]));
}
