import type { IncomingHttpHeaders } from 'node:http';
import type { Context } from '../../context.js';
import { databaseWithin } from '../../database/client.js';
import { InvalidInput, Refusal } from '../../core/errors.js';
import { fieldError } from '../../core/field-errors.js';
import {
  findRequest,
  forgetRequest,
  keyedRequest,
  lockRequest,
  releaseRequest,
  rememberAnswer,
  rememberBegun,
  rememberFinished,
  resumeRequest,
  type KeyedRequest,
  type KnownRequest,
  type Subject,
} from './idempotency-store.js';
import { sameHash } from '../../core/one-time-secrets.js';
import { STATUS } from '../server/refusals.js';
import { Begun, type Reply } from './reply.js';

/** 1 to 255 printable ASCII characters. */
const KEY = /^[\x20-\x7e]{1,255}$/;

/** The key of a request, if it has one. @throws InvalidInput when it is none. */
export function readKey({ 'idempotency-key': key }: IncomingHttpHeaders): string | undefined {
  if (key === undefined || (typeof key === 'string' && KEY.test(key))) return key;
  throw new InvalidInput({
    idempotency_key: [fieldError('badIdempotencyKey')],
  });
}

/** The parts of a request that is done once for each key. */
export interface Work<C extends Context, Input> {
  parse(): Promise<Input>;
  /** Does it, all of it in the transaction of the context that it is given. */
  begin(ctx: C, input: Input): Promise<Reply | Begun>;
  /** Finishes what was begun, outside of any transaction; null when it can't be finished any more. */
  finish(ctx: C, begun: Begun): Promise<Reply | null>;
  /** Of whom an answer tells; of a refusal, undefined. */
  tellsOf(answer: unknown): Subject;
}

/** What names a request, as it was sent. */
export interface SentRequest {
  /** The `Idempotency-Key`, if there is one. */
  key: string | undefined;
  /** Method and the path of the URL map, with its parameters' names. */
  route: string;
  /** The parameters of the path, as they were understood. */
  params: object;
  body: unknown;
}

/**
 * Does the work; with a key at most once: the same request gets the first answer again, be it a success or
 * a refusal of the rules. Input that is not valid is not remembered.
 * @throws Refusal `idempotency_mismatch` when the key came with another body, `idempotency_in_flight`, and
 * `not_found` when what it made has been deleted.
 */
export async function answerOnce<C extends Context, Input>(
  ctx: C,
  { key, body, ...sent }: SentRequest,
  work: Work<C, Input>,
): Promise<Reply> {
  if (key === undefined) return answerAnew(ctx, work);
  const callerId = ctx.parent?.id ?? null;
  const route = inOneSpelling(sent, callerId);
  return answerKeyed(ctx, keyedRequest(ctx.settings, { callerId, route, key, body }), work);
}

/**
 * Method and path of a request, the same with escapes or without, and with or without the slash at the end. A parent's
 * own path is that with `me`.
 */
function inOneSpelling(
  { route, params }: Pick<SentRequest, 'route' | 'params'>,
  callerId: number | null,
): string {
  const values = new Map<string, unknown>(Object.entries(params));
  return route
    .replace(/:(\w+)/g, (_, name: string) => String(values.get(name)))
    .replace(`/parents/${callerId}/`, '/parents/me/');
}

async function answerAnew<C extends Context, Input>(ctx: C, work: Work<C, Input>): Promise<Reply> {
  const result = await work.begin(ctx, await work.parse());
  if (!(result instanceof Begun)) return result;
  const reply = await work.finish(ctx, result);
  if (!reply) throw new Error('a donation that was just begun could not be finished');
  return reply;
}

async function answerKeyed<C extends Context, Input>(
  ctx: C,
  request: KeyedRequest,
  work: Work<C, Input>,
): Promise<Reply> {
  const known = await findRequest(ctx, request);
  if (known) return answerKnown(ctx, request, known, work);

  const input = await work.parse();
  const result = await ctx.db.transaction(async (tx) => {
    const inside = { ...ctx, db: databaseWithin(tx) };
    if (!(await lockRequest(inside.db, request))) throw inFlight();
    // Whoever had the lock a moment ago may have answered meanwhile.
    return (await findRequest(inside, request)) ?? (await begin(inside, request, input, work));
  });
  if (result instanceof Begun) return finish(ctx, request, result, work);
  if ('bodyHash' in result) return answerKnown(ctx, request, result, work);
  if (result.refusal) throw result.refusal;
  return result;
}

/** A reply, or a refusal that is one: to be thrown once it is stored. */
type Outcome = Reply & { refusal?: Refusal };

async function begin<C extends Context, Input>(
  inside: C,
  request: KeyedRequest,
  input: Input,
  work: Work<C, Input>,
): Promise<Outcome | Begun> {
  const { prisma } = inside.db;
  // What a refused attempt has written is undone; what is remembered of it is not.
  await prisma.$executeRaw`SAVEPOINT attempt`;
  const result: Outcome | Begun = await work.begin(inside, input).catch(async (error: unknown) => {
    const refused = refusedByRules(error);
    await prisma.$executeRaw`ROLLBACK TO SAVEPOINT attempt`;
    return refused;
  });
  if (result instanceof Begun) {
    const { donationId } = result;
    await rememberBegun(inside, request, { ...work.tellsOf(undefined), donationId });
  } else {
    const subject = work.tellsOf(result.refusal ? undefined : result.body);
    await rememberAnswer(inside, request, stored(result), subject);
  }
  return result;
}

async function answerKnown<C extends Context, Input>(
  ctx: C,
  request: KeyedRequest,
  { bodyHash, isErased, status, answer }: KnownRequest,
  work: Work<C, Input>,
): Promise<Reply> {
  if (!sameHash(bodyHash, request.bodyHash)) {
    throw new Refusal(
      'idempotency_mismatch',
      'This Idempotency-Key was sent with another body. Use a new key for a new request.',
    );
  }
  if (isErased) {
    throw new Refusal(
      'not_found',
      'What was made with this Idempotency-Key has been deleted. To make it again, use a new key.',
    );
  }
  if (status !== null && answer !== null) return { status, body: undefined, repeated: answer };
  const donationId = await resumeRequest(ctx, request);
  if (donationId === null) throw inFlight();
  return finish(ctx, request, new Begun(donationId), work);
}

async function finish<C extends Context, Input>(
  ctx: C,
  request: KeyedRequest,
  begun: Begun,
  work: Work<C, Input>,
): Promise<Reply> {
  const begunRequest = { ...request, donationId: begun.donationId };
  const outcome: Outcome | null = await work
    .finish(ctx, begun)
    .catch(refusedByRules)
    .catch(async (error: unknown) => {
      await releaseRequest(ctx.db, begunRequest);
      throw error;
    });
  if (!outcome) {
    await forgetRequest(ctx.db, begunRequest);
    return answerKeyed(ctx, request, work);
  }
  await rememberFinished(ctx.db, begunRequest, stored(outcome));
  if (outcome.refusal) throw outcome.refusal;
  return outcome;
}

function stored({ status, body }: Outcome): { status: number; answer: string } {
  return { status, answer: JSON.stringify(body) };
}

/** The rules refuse by 409, once the input is known to be valid. @throws whatever else it is. */
function refusedByRules(error: unknown): Outcome {
  if (!(error instanceof Refusal) || STATUS[error.code] !== 409) throw error;
  const { code, detail } = error;
  return { status: STATUS[code], body: { detail, code }, refusal: error };
}

function inFlight(): Refusal {
  return new Refusal(
    'idempotency_in_flight',
    'A request with this Idempotency-Key is under way. Ask again in a moment for its answer.',
  );
}
