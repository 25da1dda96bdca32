import type { Config } from './config.js';
import type { Settings } from './core/context.js';
import { developmentSecret } from './core/secret.js';
import { createPaymentGateway } from './integrations/stripe.js';

/** What the services need of the settings, with the secret of a desk and the way to Stripe made from them. */
export async function settingsOf(config: Config): Promise<Settings> {
  const { port, host, stripe } = config;
  const ownAddress =
    port === 0 ? undefined : `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    ...config,
    jwtSecret: config.jwtSecret ?? (await developmentSecret(config.dataDir)),
    publicUrl: config.publicUrl ?? ownAddress,
    stripe: stripe && createPaymentGateway(stripe),
  };
}
