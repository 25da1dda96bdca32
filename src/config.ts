import { z } from 'zod';
import { StartError } from './core/errors.js';

const MINUTE = 60;
const SECONDS_PER: Record<string, number> = {
  s: 1,
  m: MINUTE,
  h: 60 * MINUTE,
  d: 24 * 60 * MINUTE,
};

const port = z.coerce.number().int().min(0).max(65_535);

const duration = z
  .string()
  .regex(/^[1-9]\d{0,6}[smhd]$/, 'a number and one of s, m, h, d, such as 60m')
  .transform((text) => Number.parseInt(text, 10) * SECONDS_PER[text.slice(-1)]!);

const postgresUrl = z.string().regex(/^postgres(ql)?:\/\//, 'a postgresql:// URL');

const httpUrl = z
  .url({ protocol: /^https?$/, error: 'an http or https URL' })
  .transform((url) => url.replace(/\/+$/, ''));

const origin = z
  .url({
    protocol: /^https?$/,
    error: 'exact origins such as https://dreamjar.example, separated by commas',
  })
  .refine((url) => URL.canParse(url) && new URL(url).origin === url, {
    error: 'exact origins, with no path and no slash at the end, separated by commas',
  });

const origins = z
  .string()
  .transform((list) => list.split(',').map((item) => item.trim()))
  .pipe(z.array(origin));

const trustProxy = z
  .string()
  .transform((text) => (/^\d+$/.test(text) ? Number(text) : text.split(',').map((a) => a.trim())));

const environment = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  PORT: port.default(3000),
  HOST: z.string().optional(),
  DATABASE_URL: postgresUrl.optional(),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(1).max(500).default(10),
  DATA_DIR: z.string().default('.data'),
  JWT_SECRET: z
    .string()
    .refine((secret) => Buffer.byteLength(secret) >= 32, 'at least 32 bytes')
    .optional(),
  ACCESS_TOKEN_TTL: duration.prefault('60m'),
  REFRESH_TOKEN_TTL: duration.prefault('7d'),
  BCRYPT_COST: z.coerce.number().int().min(4).max(15).default(12),
  CORS_ORIGINS: origins.prefault('http://localhost:3000,http://localhost:5173'),
  PUBLIC_URL: httpUrl.optional(),
  TRUST_PROXY: trustProxy.prefault('0'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

/** The settings, read once. Lives in whole seconds. Secrets are here and nowhere else. */
export interface Config {
  production: boolean;
  port: number;
  host: string;
  /** Absent: an embedded PostgreSQL under `dataDir` serves. */
  databaseUrl: string | undefined;
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
    const wrong = parsed.error.issues.map((issue) => `${String(issue.path[0])} (${issue.message})`);
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
    databasePoolSize: data.DATABASE_POOL_SIZE,
    dataDir: data.DATA_DIR,
    jwtSecret: data.JWT_SECRET,
    accessTokenTtl: data.ACCESS_TOKEN_TTL,
    refreshTokenTtl: data.REFRESH_TOKEN_TTL,
    bcryptCost: data.BCRYPT_COST,
    corsOrigins: data.CORS_ORIGINS,
    publicUrl: data.PUBLIC_URL,
    trustProxy: data.TRUST_PROXY,
    logLevel: data.LOG_LEVEL,
  };
}

function refuseUnsafe(data: z.output<typeof environment>, production: boolean): void {
  if (!production) return;
  const missing = (['DATABASE_URL', 'JWT_SECRET'] as const).filter((name) => !data[name]);
  if (missing.length > 0) {
    throw new StartError(`In production ${missing.join(' and ')} must be set. See .env.example.`);
  }
  if (data.BCRYPT_COST < 10) throw new StartError('In production BCRYPT_COST must be 10 to 15.');
}
