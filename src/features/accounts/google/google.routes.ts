import type { z } from 'zod';
import type { Context } from '../../../context.js';
import { Refusal, type ErrorCode } from '../../../core/errors.js';
import { readCookie, setCookie } from '../../../http/api/cookies.js';
import { forAnyone } from '../../../http/api/endpoint.js';
import { Redirect } from '../../../http/api/reply.js';
import { STATUS } from '../../../http/server/refusals.js';
import { Registered } from '../../dashboard/dashboard.schemas.js';
import { authenticate } from '../auth/auth.service.js';
import type { TokenPair } from '../sessions/sessions.service.js';
import { presentParent } from '../../dashboard/dashboard.presenter.js';
import { showParent } from '../../dashboard/dashboard.service.js';
import { ExchangeCode, Return } from './google.schemas.js';
import {
  beginSignIn,
  exchangeCode,
  finishSignIn,
  finishSignInByCode,
  type Returned,
} from './google.service.js';

const COOKIE = 'google_sign_in';

export const login = forAnyone({
  summary: 'Sign in by Google',
  limit: 'google',
  description: 'To be opened in a browser, on the host that the callback is on. Ignores its query.',
  answer: { status: 302, description: 'To Google, with a cookie to come back with.' },
  refusals: ['google_not_configured'],
  handle: async ({ ctx }) => {
    const { address, sealedAttempt, seconds } = await beginSignIn(ctx);
    const callback = new URL(ctx.settings.google?.callbackUrl ?? '');
    const cookie = setCookie(COOKIE, sealedAttempt, {
      path: callback.pathname.replace(/\/callback\/?$/, '') || '/',
      maxAge: seconds,
      secure: callback.protocol === 'https:',
    });
    return new Redirect(address, cookie);
  },
});

export const callback = forAnyone({
  summary: 'Come back from Google',
  limit: 'google',
  description:
    'Links the parent with the same address, if Google has verified it, or makes a new one. The first such sign-in ' +
    'ends all other sessions, and the password, unless it was set by a link that was mailed to the address. An ' +
    'account that had verified another address and was moved to this one without verifying it is not linked: it ' +
    'returns to its own.',
  query: Return,
  answer: { status: 200, description: 'Signed in.', schema: Registered },
  redirects:
    'With a browser app set up, to its `/oauth-success?code=…&login_success=true`, for the code to be ' +
    'exchanged, or `?error=…&login_success=false`, with a code of those that 400 has.',
  refusals: [
    'google_state_not_valid',
    'google_denied',
    'google_failed',
    'google_email_not_verified',
    'google_linked_elsewhere',
    'google_account_inactive',
    'google_not_configured',
  ],
  handle: async ({ ctx, query, sent }) => {
    const returned = { query, sealedAttempt: readCookie(sent.headers.cookie, COOKIE) };
    const { frontendUrl } = ctx.settings;
    if (frontendUrl === undefined) return withParent(ctx, await finishSignIn(ctx, returned));
    const outcome = new URLSearchParams(await outcomeFor(ctx, returned));
    return new Redirect(`${frontendUrl}/oauth-success?${outcome.toString()}`);
  },
});

export const exchange = forAnyone({
  summary: 'Exchange the code from the address for tokens',
  description: 'The code is good once, for 60 seconds.',
  body: ExchangeCode,
  limit: 'exchange',
  answer: { status: 200, description: 'Signed in.', schema: Registered },
  refusals: ['exchange_code_not_valid'],
  handle: async ({ ctx, body }) => withParent(ctx, await exchangeCode(ctx, body.code)),
});

type Outcome =
  { code: string; login_success: 'true' } | { error: ErrorCode; login_success: 'false' };

/** What the browser app is told in its address: never a token, and nothing from the query. */
async function outcomeFor(ctx: Context, returned: Returned): Promise<Outcome> {
  try {
    return { code: await finishSignInByCode(ctx, returned), login_success: 'true' };
  } catch (error) {
    if (!(error instanceof Refusal) || STATUS[error.code] !== 400) throw error;
    return { error: error.code, login_success: 'false' };
  }
}

/** The tokens with the parent whose they are. */
async function withParent(ctx: Context, tokens: TokenPair): Promise<z.input<typeof Registered>> {
  const parent = await authenticate(ctx, `Bearer ${tokens.access}`);
  const dashboard = await showParent({ ...ctx, parent }, parent);
  return { user: presentParent(dashboard, ctx.now), ...tokens };
}
