import { forAnyone } from '../../../http/api/endpoint.js';
import { Received, SentEvent } from './payments.schemas.js';
import { receiveEvent } from './webhook.service.js';

export const stripeWebhook = forAnyone({
  summary: "Receive Stripe's events",
  limit: 'webhook',
  description:
    "For Stripe alone: the raw body must carry Stripe's signature of the last 300 seconds in " +
    '`Stripe-Signature`. An event has its effect once, however often and in whatever order it comes. The body may ' +
    'have 1,000,000 bytes. What is signed and can have no effect gets 200 too, and an error in our log.',
  body: SentEvent,
  signedBody: 1_000_000,
  changes: [{ of: 'all' }],
  answer: { status: 200, description: 'It needs not be sent again.', schema: Received },
  refusals: ['webhook_not_valid', 'stripe_not_configured'],
  handle: async ({ ctx, sent }) => {
    const signature = sent.headers['stripe-signature'];
    await receiveEvent(ctx, sent.rawBody ?? Buffer.alloc(0), [signature].flat()[0]);
    return { received: true as const };
  },
});
