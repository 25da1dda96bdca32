import { forParents } from '../../../http/api/endpoint.js';
import { Verification, VerificationCode } from './verification.schemas.js';
import { resendCode, verifyAddress } from './verification.service.js';

export const verify = forParents({
  summary: 'Verify your address',
  description:
    'By the code of eight letters and digits that was mailed to it: good for ten minutes and five tries. The ' +
    'mail leads to `FRONTEND_URL/verify-email#code=…`.',
  body: VerificationCode,
  limit: 'verify',
  changes: [],
  answer: { status: 200, description: 'Verified.', schema: Verification },
  handle: async ({ ctx, body }) => {
    await verifyAddress(ctx, body.code);
    return { email_verified: true };
  },
});

export const resend = forParents({
  summary: 'Have a new code mailed',
  limit: 'resend',
  description: 'Earlier codes count no more. Nothing is sent where the address is verified.',
  changes: [],
  answer: {
    status: 202,
    description: 'On its way, unless already verified.',
    schema: Verification,
  },
  handle: async ({ ctx }) => ({ email_verified: await resendCode(ctx) }),
});
