import type { Config } from '../config/config.js';
import { DEFAULT_BOUNDS } from '../config/bounds.js';
import type { Settings } from '../context.js';
import { ERASURE } from '../config/erasure-figures.js';
import { DEFAULT_LIFETIMES } from '../config/lifetimes.js';
import { DEFAULT_LIMITS } from '../config/limit-figures.js';
import { MAIL_BUDGET } from '../core/mailbox.js';
import { SEARCH_BOUNDS } from '../database/searching.js';
import { developmentSecret } from '../config/secret.js';
import { DEFAULT_WAITS } from '../config/waits.js';
import { openMailFolder } from '../integrations/mail-folder.js';
import type { PaymentGateway, StripeConfig } from '../integrations/stripe.js';
import { INDEXING } from '../config/indexing-figures.js';

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
  const { createPaymentGateway } = await import('../integrations/stripe/gateway.js');
  return createPaymentGateway(config);
}
