import type { Context, ParentContext } from './context.js';
import * as auth from './features/accounts/auth/auth.routes.js';
import * as campaigns from './features/fundraising/campaigns/campaigns.routes.js';
import * as children from './features/families/children/children.routes.js';
import * as claims from './features/giving/claims/claims.routes.js';
import * as config from './features/config/config.routes.js';
import * as donations from './features/giving/donations/donations.routes.js';
import * as emailChange from './features/accounts/email-change/email-change.routes.js';
import * as google from './features/accounts/google/google.routes.js';
import * as parents from './features/accounts/parents/parents.routes.js';
import * as passwordReset from './features/accounts/password-reset/password-reset.routes.js';
import * as payments from './features/giving/payments/payments.routes.js';
import * as receipts from './features/giving/receipts/receipts.routes.js';
import * as refunds from './features/giving/refunds/refunds.routes.js';
import * as sessions from './features/accounts/sessions/sessions.routes.js';
import * as statistics from './features/giving/statistics/statistics.routes.js';
import * as verification from './features/accounts/verification/verification.routes.js';
import type { Endpoint } from './http/api/endpoint.js';
import * as health from './http/api/health.js';
import type { Route } from './http/api/route.js';
import type { Audience } from './http/guards/authenticate.js';

/** The whole URL map. Privilege widens downward. */
export function routes(isStopping: () => boolean): Route[] {
  return [
    // Whoever asks, with whatever token: it isn't looked at.
    ...map('ignoring tokens', {
      'GET /health/live': health.live,
      'GET /health/ready': health.ready(isStopping),
      'GET /config/': config.show,
      'POST /parents/': parents.register,
      'POST /api/token/': auth.obtainTokens,
      'POST /api/token/refresh/': auth.refreshTokens,
      'POST /api/token/blacklist/': auth.blacklistToken,
      'GET /auth/google/login/': google.login,
      'GET /api/auth/google/callback/': google.callback,
      'POST /api/auth/google/exchange/': google.exchange,
      'POST /api/auth/email/undo/': emailChange.undo,
      'POST /api/auth/password/reset/': passwordReset.request,
      'POST /api/auth/password/reset/confirm/': passwordReset.confirm,
      'POST /webhooks/stripe/': payments.stripeWebhook,
    }),

    // Visitors and parents alike. A token, if there is one, must be good.
    ...map('anyone', {
      'GET /campaigns/': campaigns.browse,
      'GET /campaigns/:id/': campaigns.show,
      'GET /campaigns/:id/donations/': donations.listOfCampaign,
      'POST /campaigns/:id/donations/': donations.give,
      'GET /donations/:id/': donations.show,
      'GET /donations/:id/receipt/': receipts.show,
    }),

    // From here a parent is required, and sees and changes only what is that parent's own.
    ...map('parents', {
      'POST /api/auth/email/verify/': verification.verify,
      'POST /api/auth/email/resend/': verification.resend,
      'GET /parents/:id/': parents.show,
      'PUT /parents/:id/': parents.change,
      'PATCH /parents/:id/': parents.change,
      'DELETE /parents/:id/': parents.remove,
      'GET /parents/:id/children/': children.list,
      'POST /parents/:id/children/': children.create,
      'GET /parents/:id/sessions/': sessions.list,
      'DELETE /parents/:id/sessions/': sessions.endOthers,
      'DELETE /parents/:id/sessions/:session/': sessions.end,
      'GET /children/:id/': children.show,
      'PUT /children/:id/': children.change,
      'PATCH /children/:id/': children.change,
      'DELETE /children/:id/': children.remove,
      'GET /children/:id/campaigns/': campaigns.listOfChild,
      'POST /children/:id/campaigns/': campaigns.create,
      'GET /children/:id/statistics/': statistics.ofChild,
      'PUT /campaigns/:id/': campaigns.change,
      'PATCH /campaigns/:id/': campaigns.change,
      'DELETE /campaigns/:id/': campaigns.remove,
      'GET /campaigns/:id/statistics/': statistics.ofCampaign,
      'GET /campaigns/:id/donations.csv': donations.exportOfCampaign,
      'GET /donations/': donations.history,
      'GET /donations/claimable/': claims.listOfClaimable,
      'POST /donations/claims/': claims.create,
      'GET /donations/:id/refunds/': refunds.list,
      'POST /donations/:id/refunds/': refunds.create,
    }),
  ];
}

function map(audience: 'parents', endpoints: Record<string, Endpoint<ParentContext>>): Route[];
function map(
  audience: Exclude<Audience, 'parents'>,
  endpoints: Record<string, Endpoint<Context>>,
): Route[];
function map(audience: Audience, endpoints: Record<string, Endpoint<ParentContext>>): Route[] {
  return Object.entries(endpoints).map(([line, endpoint]) => {
    const [method, path] = line.split(' ') as [string, string];
    return { method, path, audience, endpoint };
  });
}
