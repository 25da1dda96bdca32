import { z } from 'zod';
import {
  duration,
  exactUrl,
  httpUrl,
  origins,
  postgresUrl,
  smtpUrl,
  trustProxy,
  wholeNumber,
} from './config-fields.js';
import { DEFAULT_BOUNDS, type Bounds } from './bounds.js';
import { CURRENCIES } from '../core/currencies.js';
import type { GoogleConfig } from '../integrations/google.js';
import type { StripeConfig } from '../integrations/stripe.js';
import { StartError } from '../core/errors.js';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

const environment = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  PORT: wholeNumber(0, 65_535).prefault('3000'),
  HOST: z.string().optional(),
  DATABASE_URL: postgresUrl.optional(),
  DATABASE_REPLICA_URL: postgresUrl.optional(),
  DATABASE_POOL_SIZE: wholeNumber(1, 500).prefault('10'),
  DATA_DIR: z.string().default('.data'),
  JWT_SECRET: z
    .string()
    .refine((secret) => Buffer.byteLength(secret) >= 32, 'at least 32 bytes')
    .optional(),
  ACCESS_TOKEN_TTL: duration.prefault('60m'),
  REFRESH_TOKEN_TTL: duration.prefault('7d'),
  BCRYPT_COST: wholeNumber(
    4,
    15,
    'a whole number from 10 to 15; for tests, outside production, from 4',
  ).prefault('12'),
  CORS_ORIGINS: origins.prefault('http://localhost:3000,http://localhost:5173'),
  PUBLIC_URL: httpUrl.optional(),
  FRONTEND_URL: httpUrl.optional(),
  SMTP_URL: smtpUrl.optional(),
  MAIL_FROM: z.string().max(320).default('DreamJar <no-reply@localhost>'),
  RATE_LIMIT: z.enum(['on', 'off']).default('on'),
  GOOGLE_CLIENT_ID: z.string().optional(),
  GOOGLE_CLIENT_SECRET: z.string().optional(),
  GOOGLE_CALLBACK_URL: exactUrl.optional(),
  GOOGLE_AUTHORIZATION_URL: exactUrl.prefault('https://accounts.google.com/o/oauth2/v2/auth'),
  GOOGLE_TOKEN_URL: exactUrl.prefault('https://oauth2.googleapis.com/token'),
  GOOGLE_USERINFO_URL: exactUrl.prefault('https://openidconnect.googleapis.com/v1/userinfo'),
  PAYMENTS: z.enum(['pledge', 'stripe']).default('pledge'),
  STRIPE_SECRET_KEY: z.string().optional(),
  STRIPE_WEBHOOK_SECRET: z.string().optional(),
  STRIPE_API_BASE: httpUrl.optional(),
  CURRENCY: z
    .enum(CURRENCIES, {
      error: 'an ISO 4217 code in lower case, of a currency with two minor digits',
    })
    .prefault('usd'),
  MAX_CHILDREN: wholeNumber(1, 10_000).prefault(String(DEFAULT_BOUNDS.children)),
  MAX_CAMPAIGNS: wholeNumber(1, 10_000).prefault(String(DEFAULT_BOUNDS.campaigns)),
  MAX_OPEN_CAMPAIGNS: wholeNumber(1, 10_000).prefault(String(DEFAULT_BOUNDS.openCampaigns)),
  TRUST_PROXY: trustProxy.prefault('0'),
  WEB_CONCURRENCY: wholeNumber(1, 64).prefault('1'),
  METRICS_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'visible ASCII characters, with no space')
    .optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

/** The names of all settings. */
export const SETTINGS = Object.keys(environment.shape);

/** The settings, read once. Lives in whole seconds. Secrets are here and nowhere else. */
export interface Config {
  production: boolean;
  port: number;
  host: string;
  /** Absent: an embedded PostgreSQL under `dataDir` serves. */
  databaseUrl: string | undefined;
  /** A replica of it, for visitors' reads. */
  databaseReplicaUrl: string | undefined;
  databasePoolSize: number;
  dataDir: string;
  /** Absent outside production: made once and kept in `dataDir`. */
  jwtSecret: string | undefined;
  accessTokenTtl: number;
  refreshTokenTtl: number;
  bcryptCost: number;
  corsOrigins: string[];
  /** The API's own address as the world sees it, with no slash at the end. */
  publicUrl: string | undefined;
  /** Express's `trust proxy`: how many proxies stand in front, or their addresses. */
  trustProxy: number | string[];
  /** The browser app: where Google sign-in returns to, and the base of links in mail. */
  frontendUrl: string | undefined;
  mail: {
    /** Absent: mail becomes files in `dataDir`. */ smtpUrl: string | undefined;
    from: string;
  };
  /** Absent: its routes answer 503. */
  google: GoogleConfig | undefined;
  payments: 'pledge' | 'stripe';
  /** ISO 4217 in lower case, of two minor digits. */
  currency: string;
  /** Absent: gifts are pledges, and Stripe's webhook answers 503. */
  stripe: StripeConfig | undefined;
  rateLimit: boolean;
  bounds: Pick<Bounds, 'children' | 'campaigns' | 'openCampaigns'>;
  /** How many processes serve on this machine. */
  webConcurrency: number;
  /** Absent: metrics are told to callers on this machine only. */
  metricsToken: string | undefined;
  logLevel: string;
}

/**
 * Reads the settings from an environment.
 * @throws StartError naming every variable that is wrong, never its value.
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const complaints = parsed.error.issues.map(({ path, message }) => [path[0], message] as const);
    const wrong = [...new Map(complaints)].map(([name, message]) => `${String(name)} (${message})`);
    throw new StartError(`These settings are not valid: ${wrong.join('; ')}. See .env.example.`);
  }
  const { data } = parsed;
  const production = data.NODE_ENV === 'production';
  refuseUnsafe(data, production);
  return {
    production,
    port: data.PORT,
    host: data.HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
    databaseUrl: data.DATABASE_URL,
    databaseReplicaUrl: data.DATABASE_REPLICA_URL,
    databasePoolSize: data.DATABASE_POOL_SIZE,
    dataDir: data.DATA_DIR,
    jwtSecret: data.JWT_SECRET,
    accessTokenTtl: data.ACCESS_TOKEN_TTL,
    refreshTokenTtl: data.REFRESH_TOKEN_TTL,
    bcryptCost: data.BCRYPT_COST,
    corsOrigins: data.CORS_ORIGINS,
    publicUrl: data.PUBLIC_URL,
    trustProxy: data.TRUST_PROXY,
    frontendUrl: data.FRONTEND_URL,
    mail: { smtpUrl: data.SMTP_URL, from: data.MAIL_FROM },
    google: googleConfig(data),
    payments: data.PAYMENTS,
    currency: data.CURRENCY,
    stripe: stripeConfig(data),
    rateLimit: data.RATE_LIMIT === 'on',
    bounds: {
      children: data.MAX_CHILDREN,
      campaigns: data.MAX_CAMPAIGNS,
      openCampaigns: data.MAX_OPEN_CAMPAIGNS,
    },
    webConcurrency: data.WEB_CONCURRENCY,
    metricsToken: data.METRICS_TOKEN,
    logLevel: data.LOG_LEVEL,
  };
}

function refuseUnsafe(data: z.output<typeof environment>, production: boolean): void {
  if (!production) return;
  const missing = (['DATABASE_URL', 'JWT_SECRET'] as const).filter((name) => !data[name]);
  if (missing.length > 0) {
    throw new StartError(`In production ${missing.join(' and ')} must be set. See .env.example.`);
  }
  if (data.RATE_LIMIT === 'off' && !LOOPBACK.test(data.HOST ?? '')) {
    throw new StartError('In production RATE_LIMIT=off needs HOST to be a loopback address.');
  }
  if (data.SMTP_URL && !data.PUBLIC_URL) {
    throw new StartError('In production SMTP_URL needs PUBLIC_URL, for the links in mail.');
  }
  if (data.BCRYPT_COST < 10) throw new StartError('In production BCRYPT_COST must be 10 to 15.');
}

function stripeConfig(data: z.output<typeof environment>): StripeConfig | undefined {
  const { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRET: webhookSecret } = data;
  const needed = [
    'STRIPE_SECRET_KEY',
    'STRIPE_WEBHOOK_SECRET',
    'PUBLIC_URL',
    'FRONTEND_URL',
  ] as const;
  const missing = needed.filter((name) => !data[name]);
  if (data.PAYMENTS === 'stripe' && missing.length > 0) {
    throw new StartError(`PAYMENTS=stripe needs ${missing.join(', ')}. See .env.example.`);
  }
  if (!secretKey && !webhookSecret) return undefined;
  if (!secretKey || !webhookSecret) {
    throw new StartError('STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET go together.');
  }
  return { secretKey, webhookSecret, apiBase: data.STRIPE_API_BASE };
}

function googleConfig(data: z.output<typeof environment>): GoogleConfig | undefined {
  const { GOOGLE_CLIENT_ID: clientId, GOOGLE_CLIENT_SECRET: clientSecret } = data;
  const callbackUrl = data.GOOGLE_CALLBACK_URL;
  if (!clientId && !clientSecret && !callbackUrl) return undefined;
  if (!clientId || !clientSecret || !callbackUrl) {
    throw new StartError(
      'GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET and GOOGLE_CALLBACK_URL go together: set all three or none.',
    );
  }
  return {
    clientId,
    clientSecret,
    callbackUrl,
    authorizationUrl: data.GOOGLE_AUTHORIZATION_URL,
    tokenUrl: data.GOOGLE_TOKEN_URL,
    userinfoUrl: data.GOOGLE_USERINFO_URL,
  };
}
