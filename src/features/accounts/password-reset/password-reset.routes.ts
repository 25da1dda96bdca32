import { Nothing } from '../auth/auth.schemas.js';
import { forAnyone } from '../../../http/api/endpoint.js';
import { confirmPasswordReset } from './confirmation.service.js';
import { PasswordResetConfirmation, PasswordResetRequest } from './password-reset.schemas.js';
import { requestPasswordReset } from './password-reset.service.js';

export const request = forAnyone({
  summary: 'Ask for a link to set a new password',
  description:
    'The answer is the same whether or not there is an account at this address. The mail leads to ' +
    '`FRONTEND_URL/reset-password#token=…`. An address that an account has left within 72 hours gets the link ' +
    'that undoes that instead.',
  body: PasswordResetRequest,
  limit: 'reset',
  answer: { status: 202, description: 'Taken note of.', schema: Nothing },
  handle: async ({ ctx, body }) => {
    await requestPasswordReset(ctx, body.email);
    return {};
  },
});

export const confirm = forAnyone({
  summary: 'Set a new password by such a link',
  description:
    'Once, within 30 minutes. Ends all sessions. If the account was moved to the address within 72 hours and has ' +
    'never verified it, but has verified another, it belongs to the owner of that one: it returns there, and the ' +
    'password is that of a new account.',
  body: PasswordResetConfirmation,
  limit: 'resetConfirm',
  answer: { status: 200, description: 'Set. Sign in with it.', schema: Nothing },
  handle: async ({ ctx, body }) => {
    await confirmPasswordReset(ctx, body);
    return {};
  },
});
