import { forAnyone } from '../../../http/api/endpoint.js';
import { endSessionOf, refreshSession } from '../sessions/sessions.service.js';
import { Credentials, Nothing, RefreshToken, TokenPair } from './auth.schemas.js';
import { logIn } from './auth.service.js';

export const obtainTokens = forAnyone({
  summary: 'Sign in',
  limit: 'login',
  body: Credentials,
  answer: { status: 200, description: 'Signed in.', schema: TokenPair },
  refusals: ['no_active_account'],
  handle: ({ ctx, body }) => logIn(ctx, body),
});

export const refreshTokens = forAnyone({
  summary: 'Get the next pair of tokens',
  description:
    'The refresh token rotates and the old one is spent. Replayed within 10 seconds, the token spent last ' +
    'gets the same successor; any other replay ends the session.',
  limit: 'refresh',
  body: RefreshToken,
  answer: { status: 200, description: 'The next pair.', schema: TokenPair },
  refusals: ['token_not_valid'],
  handle: ({ ctx, body }) => refreshSession(ctx, body.refresh),
});

export const blacklistToken = forAnyone({
  summary: 'Sign out',
  limit: 'logout',
  description: 'Ends the session of this refresh token: its access tokens are refused from now on.',
  body: RefreshToken,
  answer: { status: 200, description: 'Signed out.', schema: Nothing },
  refusals: ['token_not_valid'],
  handle: async ({ ctx, body }) => {
    await endSessionOf(ctx, body.refresh);
    return {};
  },
});
