import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import type { Context, Settings } from '../../../context.js';
import type { Transaction } from '../../../database/client.js';
import { Refusal } from '../../../core/errors.js';
import { authorizationRequest, fetchClaims, reasonOf } from '../../../integrations/google.js';
import { startSession, type TokenPair } from '../sessions/sessions.service.js';
import { ATTEMPT_TTL, openAttempt, sealAttempt, type Attempt } from './sign-in-attempt.js';
import { keepCode, spendCode, spendState } from './google.queries.js';
import { Claims, type Person, type Return } from './google.schemas.js';
import { parentOf } from './linking.service.js';

/** Milliseconds in which a browser app must exchange its code. */
const CODE_LIFE = 60_000;

type Provider = NonNullable<Settings['google']>;

/** What the browser came back with: what the provider appended, and the attempt it was given to keep. */
export interface Returned {
  query: z.output<typeof Return>;
  sealedAttempt: string | undefined;
}

/**
 * Begins a sign-in: where to send the browser, and what it must keep until it is back.
 * @throws Refusal `google_not_configured`.
 */
export async function beginSignIn(ctx: Context) {
  const google = configured(ctx);
  const state = randomBytes(32).toString('base64url');
  const { address, verifier } = await authorizationRequest(google, state);
  const expiresAt = new Date(ctx.now.getTime() + ATTEMPT_TTL * 1000);
  const attempt = sealAttempt({ state, verifier, expiresAt }, ctx.settings.jwtSecret);
  return { address, sealedAttempt: attempt, seconds: ATTEMPT_TTL };
}

/** Ends a sign-in with tokens. @throws Refusal `google_…`, and then nothing is changed. */
export async function finishSignIn(ctx: Context, returned: Returned): Promise<TokenPair> {
  const person = await personOf(ctx, returned);
  return asParent(ctx, person, (tx, parentId) => startSession(ctx, tx, parentId));
}

/** Ends a sign-in with a code that a browser app exchanges for tokens: once, within 60 seconds. */
export async function finishSignInByCode(ctx: Context, returned: Returned): Promise<string> {
  const person = await personOf(ctx, returned);
  const code = randomBytes(32).toString('base64url');
  const expiresAt = new Date(ctx.now.getTime() + CODE_LIFE);
  await asParent(ctx, person, (tx, parentId) =>
    keepCode(tx, code, { parentId, now: ctx.now, expiresAt }),
  );
  return code;
}

/** Spends an exchange code for tokens. @throws Refusal `exchange_code_not_valid`. */
export function exchangeCode(ctx: Context, code: string): Promise<TokenPair> {
  return ctx.db.transaction(async (tx) => {
    const parentId = await spendCode(tx, code, ctx.now);
    if (parentId === undefined) {
      throw new Refusal(
        'exchange_code_not_valid',
        'The code is invalid, expired or spent. Sign in again.',
      );
    }
    return startSession(ctx, tx, parentId);
  });
}

function configured({ settings }: Context): Provider {
  if (settings.google) return settings.google;
  throw new Refusal(
    'google_not_configured',
    'Sign-in by Google is not set up here. Sign in by email, or set GOOGLE_CLIENT_ID, ' +
      'GOOGLE_CLIENT_SECRET and GOOGLE_CALLBACK_URL.',
  );
}

/** The state is looked at first and spent whatever follows: an attempt is good for one return. */
async function personOf(ctx: Context, { query, sealedAttempt }: Returned): Promise<Person> {
  const google = configured(ctx);
  const attempt = openAttempt(sealedAttempt, ctx.now, ctx.settings.jwtSecret);
  if (attempt?.state !== query.state || !attempt || !(await spendState(ctx, attempt))) {
    throw new Refusal(
      'google_state_not_valid',
      'This sign-in began in another browser, took too long or is over. Start again.',
    );
  }
  if (query.error === 'access_denied') {
    throw new Refusal('google_denied', 'You did not agree to sign in by Google.');
  }
  if (query.error !== undefined || !query.code) throw failed(ctx, 'no code');
  return askFor(ctx, google, query.code, attempt);
}

async function askFor(
  ctx: Context,
  google: Provider,
  code: string,
  attempt: Attempt,
): Promise<Person> {
  const claims = await fetchClaims(google, code, attempt).catch((error: unknown) => {
    throw failed(ctx, reasonOf(error));
  });
  const person = Claims.safeParse(claims);
  if (!person.success) throw failed(ctx, 'claims');
  return person.data;
}

function failed(ctx: Context, reason: string): Refusal {
  ctx.log.warn({ reason }, 'sign-in by Google failed');
  return new Refusal('google_failed', 'Google did not answer as it should. Try again.');
}

/** Does `then` as the parent who this person is, in the transaction that found or made the parent. */
function asParent<Result>(
  ctx: Context,
  person: Person,
  then: (tx: Transaction, parentId: number) => Promise<Result>,
): Promise<Result> {
  return ctx.db.transaction(async (tx) => then(tx, await parentOf(ctx, tx, person)));
}
