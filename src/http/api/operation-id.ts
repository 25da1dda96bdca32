/** Names that the rule below would not find: steps rather than things. */
const NAMED: Record<string, string> = {
  'GET /health/live': 'checkLiveness',
  'GET /health/ready': 'checkReadiness',
  'POST /parents/': 'registerParent',
  'POST /api/token/': 'obtainTokens',
  'POST /api/token/refresh/': 'refreshTokens',
  'POST /api/token/blacklist/': 'blacklistToken',
  'GET /auth/google/login/': 'beginGoogleSignIn',
  'GET /api/auth/google/callback/': 'finishGoogleSignIn',
  'POST /api/auth/google/exchange/': 'exchangeGoogleCode',
  'POST /api/auth/password/reset/': 'requestPasswordReset',
  'POST /api/auth/password/reset/confirm/': 'confirmPasswordReset',
  'POST /api/auth/email/verify/': 'verifyEmail',
  'POST /api/auth/email/resend/': 'resendVerificationCode',
  'POST /api/auth/email/undo/': 'undoEmailChange',
  'POST /webhooks/stripe/': 'receiveStripeEvent',
  'GET /config/': 'getConfig',
  'POST /campaigns/:id/donations/': 'createDonation',
  'GET /campaigns/:id/donations.csv': 'exportCampaignDonations',
  'GET /donations/claimable/': 'listClaimableDonations',
  'POST /donations/claims/': 'createClaim',
  'POST /donations/:id/refunds/': 'createRefund',
  'POST /parents/:id/children/': 'createChild',
  'POST /children/:id/campaigns/': 'createCampaign',
  'DELETE /parents/:id/sessions/': 'endOtherSessions',
  'DELETE /parents/:id/sessions/:session/': 'endSession',
};

const SINGLE: Record<string, string> = {
  GET: 'get',
  POST: 'create',
  PUT: 'put',
  PATCH: 'update',
  DELETE: 'delete',
};

/** The name of an operation, such as `listCampaignDonations`: for programs that make a client from the document. */
export function operationId(method: string, path: string): string {
  const named = NAMED[`${method} ${path}`];
  if (named !== undefined) return named;
  const parts = path.split('/').filter((part) => part !== '' && part !== 'api');
  const last = parts.at(-1) ?? '';
  const isList = method === 'GET' && PLURAL.test(last);
  const verb = isList ? 'list' : (SINGLE[method] ?? method.toLowerCase());
  const names = parts.filter((part) => !part.startsWith(':'));
  const words = names.map((name, index) =>
    capitalised(isList && index === names.length - 1 ? name : singular(name)),
  );
  return verb + words.join('');
}

const PLURAL = /(?<!statistic)s$|^children$/;

function singular(name: string): string {
  return name === 'children' ? 'child' : name.replace(PLURAL, '');
}

function capitalised(name: string): string {
  return name.replace(/(?:^|\W)(\w)/g, (_match, letter: string) => letter.toUpperCase());
}
