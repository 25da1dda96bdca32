import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import type { Call } from './calls.js';
import { StripeSaysNo } from './ledger.js';
import { newId } from './objects.js';

/** What goes wrong with one call. */
export interface Fault {
  /** Does what was asked and cuts the connection in the place of an answer. */
  drop?: true;
  /** This answer in the place of the right one: nothing was done, unless `done` is set. */
  status?: number;
  /** Stripe's word for what it will not do, along with a `status` of 400. */
  code?: string;
  done?: true;
  /** Stripe stands by that answer for this key, as the real one does for what broke halfway. */
  kept?: true;
  /** The answer waits: milliseconds, or until a promise settles. What was asked is done by then. */
  delay?: number | Promise<unknown>;
}

interface Reply {
  status: number;
  body: object;
}

/** What is known of an idempotency key; with no reply yet while its call is in flight. */
interface Memory {
  call: string;
  reply: Reply | undefined;
}

/** Answers one call after the other as Stripe does, its memory of idempotency keys included. */
export function createAnswering(secretKey: string, perform: (call: Call) => object) {
  const memories = new Map<string, Memory>();

  /** The reply, or undefined to cut the connection. */
  async function replyTo(call: Call, fault: Fault): Promise<Reply | undefined> {
    const said = JSON.stringify([call.method, call.path, call.params]);
    const key = call.method === 'POST' ? call.idempotencyKey : undefined;
    const memory = key === undefined ? undefined : memories.get(key);
    if (memory) return arrive(replay(memory, said), fault);

    const failed = fault.status === undefined ? undefined : failure(fault.status, fault.code);
    const worked = failed && !fault.done ? undefined : attempt(() => perform(call));
    const fresh: Memory = { call: said, reply: undefined };
    if (key !== undefined) memories.set(key, fresh);
    const arrived = await arrive((failed ?? worked)!, fault);
    fresh.reply = fault.kept ? failed : worked;
    if (!fresh.reply && key !== undefined) memories.delete(key);
    return arrived;
  }

  async function answer(call: Call, fault: Fault, req: IncomingMessage, res: ServerResponse) {
    const known = req.headers.authorization === `Bearer ${secretKey}`;
    const reply = known ? await replyTo(call, fault) : UNKNOWN_KEY;
    if (!reply) return req.socket.destroy();
    res.writeHead(reply.status, {
      'Content-Type': 'application/json',
      'Request-Id': newId('req'),
    });
    return res.end(JSON.stringify(reply.body));
  }

  return answer;
}

const UNKNOWN_KEY: Reply = {
  status: 401,
  body: { error: { type: 'invalid_request_error', message: 'Invalid API Key provided.' } },
};

function replay({ call, reply }: Memory, said: string): Reply {
  const error = (code: string | undefined, message: string) => ({
    error: { type: 'idempotency_error', ...(code && { code }), message },
  });
  if (call !== said) {
    const message = 'Keys can only be used with the same parameters they were first used with.';
    return { status: 400, body: error(undefined, message) };
  }
  const message = 'There is another request in progress with this key.';
  return reply ?? { status: 409, body: error('idempotency_key_in_use', message) };
}

function attempt(perform: () => object): Reply {
  try {
    // A snapshot: a replayed answer shows what was true the first time.
    return { status: 200, body: structuredClone(perform()) };
  } catch (error) {
    if (!(error instanceof StripeSaysNo)) throw error;
    return { status: error.status, body: { error: error.error } };
  }
}

/** The reply at its time, unless it is lost on the way. */
async function arrive(reply: Reply, { drop, delay = 0 }: Fault): Promise<Reply | undefined> {
  await (typeof delay === 'number' ? setTimeout(delay, undefined, { ref: false }) : delay);
  return drop ? undefined : reply;
}

function failure(status: number, code?: string): Reply {
  const kind = code === undefined ? { type: 'api_error' } : { type: 'invalid_request_error', code };
  const error = { ...kind, message: 'Something went wrong for pat@example.org.' };
  return { status, body: { error } };
}
