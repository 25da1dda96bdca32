import type { Config, StripeConfig } from './config.js';
import { DEFAULT_BOUNDS } from './core/bounds.js';
import type { Settings } from './core/context.js';
import { ERASURE } from './core/erasure-figures.js';
import { INDEXING } from './core/indexing-figures.js';
import { DEFAULT_LIFETIMES } from './core/lifetimes.js';
import { DEFAULT_LIMITS } from './core/limit-figures.js';
import { MAIL_BUDGET } from './core/mailbox.js';
import { SEARCH_BOUNDS } from './core/searching.js';
import { developmentSecret } from './core/secret.js';
import { DEFAULT_WAITS } from './core/waits.js';
import { openMailFolder } from './integrations/mail-folder.js';
import type { PaymentGateway } from './integrations/stripe.js';

/** What the services need of the settings, with the secret of a desk and the way to Stripe made from them. */
export async function settingsOf(config: Config): Promise<Settings> {
  const { port, host, stripe } = config;
  if (config.mail.smtpUrl === undefined) await openMailFolder(config.dataDir);
  const ownAddress =
    port === 0 ? undefined : `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    ...config,
    search: SEARCH_BOUNDS,
    jwtSecret: config.jwtSecret ?? (await developmentSecret(config.dataDir)),
    publicUrl: config.publicUrl ?? ownAddress,
    mailBudget: MAIL_BUDGET,
    stripe: stripe && (await openGateway(stripe)),
    limits: DEFAULT_LIMITS,
    bounds: { ...DEFAULT_BOUNDS, ...config.bounds },
    waits: DEFAULT_WAITS,
    lifetimes: DEFAULT_LIFETIMES,
    erasure: ERASURE,
    indexing: INDEXING,
  };
}

/** Stripe's package is loaded only where it is used: it would be a fifth of all that a start loads. */
async function openGateway(config: StripeConfig): Promise<PaymentGateway> {
  const { createPaymentGateway } = await import('./integrations/stripe/gateway.js');
  return createPaymentGateway(config);
}
