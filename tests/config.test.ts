import { expect, test } from 'vitest';
import { readConfig } from '../src/config/config.js';
import { StartError } from '../src/core/errors.js';

const SECRET = 'thirty-two bytes at the very least';
const PRODUCTION = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgresql://dreamjar@db/dreamjar',
  JWT_SECRET: SECRET,
};

function complaintAbout(env: NodeJS.ProcessEnv): string {
  try {
    readConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(StartError);
    return (error as StartError).message;
  }
  throw new Error('these settings were accepted');
}

test('an empty environment gives the defaults of a desk', () => {
  expect(readConfig({})).toEqual({
    production: false,
    port: 3000,
    host: '127.0.0.1',
    databaseUrl: undefined,
    databaseReplicaUrl: undefined,
    databasePoolSize: 10,
    dataDir: '.data',
    jwtSecret: undefined,
    accessTokenTtl: 3600,
    refreshTokenTtl: 7 * 24 * 3600,
    bcryptCost: 12,
    corsOrigins: ['http://localhost:3000', 'http://localhost:5173'],
    publicUrl: undefined,
    trustProxy: 0,
    logLevel: 'info',
    frontendUrl: undefined,
    mail: { smtpUrl: undefined, from: 'DreamJar <no-reply@localhost>' },
    google: undefined,
    payments: 'pledge',
    currency: 'usd',
    stripe: undefined,
    rateLimit: true,
    bounds: { children: 30, campaigns: 100, openCampaigns: 20 },
    webConcurrency: 1,
    metricsToken: undefined,
  });
});

test('an empty value counts as none', () => {
  const names = ['NODE_ENV', 'PORT', 'HOST', 'DATABASE_URL', 'JWT_SECRET', 'CORS_ORIGINS'];
  expect(readConfig(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(readConfig({}));
});

test('every setting is read', () => {
  const config = readConfig({
    ...PRODUCTION,
    PORT: '0',
    HOST: '::1',
    DATABASE_POOL_SIZE: '3',
    DATABASE_REPLICA_URL: 'postgresql://replica/dreamjar',
    DATA_DIR: '/srv/dreamjar',
    ACCESS_TOKEN_TTL: '90s',
    REFRESH_TOKEN_TTL: '12h',
    BCRYPT_COST: '10',
    CORS_ORIGINS:
      'https://dreamjar.example, http://localhost:8080,https://*.preview.dreamjar.example:8443',
    PUBLIC_URL: 'https://api.dreamjar.example/',
    TRUST_PROXY: '2',
    LOG_LEVEL: 'trace',
    FRONTEND_URL: 'https://dreamjar.example/',
    SMTP_URL: 'smtp://mail.example',
    MAIL_FROM: 'Jar <jar@dreamjar.example>',
    RATE_LIMIT: 'off',
    MAX_CHILDREN: '1',
    MAX_CAMPAIGNS: '10000',
    MAX_OPEN_CAMPAIGNS: '9',
    WEB_CONCURRENCY: '4',
    METRICS_TOKEN: 'for-prometheus',
    GOOGLE_CLIENT_ID: 'id',
    GOOGLE_CLIENT_SECRET: 'hush',
    GOOGLE_CALLBACK_URL: 'https://api.dreamjar.example/api/auth/google/callback/',
    GOOGLE_TOKEN_URL: 'http://127.0.0.1:1/token',
    PAYMENTS: 'stripe',
    CURRENCY: 'eur',
    STRIPE_SECRET_KEY: 'sk',
    STRIPE_WEBHOOK_SECRET: 'whsec',
    STRIPE_API_BASE: 'http://127.0.0.1:12111',
  });
  expect(config).toEqual({
    production: true,
    port: 0,
    host: '::1',
    databaseUrl: PRODUCTION.DATABASE_URL,
    databaseReplicaUrl: 'postgresql://replica/dreamjar',
    databasePoolSize: 3,
    dataDir: '/srv/dreamjar',
    jwtSecret: SECRET,
    accessTokenTtl: 90,
    refreshTokenTtl: 12 * 3600,
    bcryptCost: 10,
    corsOrigins: [
      'https://dreamjar.example',
      'http://localhost:8080',
      'https://*.preview.dreamjar.example:8443',
    ],
    publicUrl: 'https://api.dreamjar.example',
    trustProxy: 2,
    logLevel: 'trace',
    frontendUrl: 'https://dreamjar.example',
    mail: { smtpUrl: 'smtp://mail.example', from: 'Jar <jar@dreamjar.example>' },
    rateLimit: false,
    bounds: { children: 1, campaigns: 10_000, openCampaigns: 9 },
    webConcurrency: 4,
    metricsToken: 'for-prometheus',
    google: {
      clientId: 'id',
      clientSecret: 'hush',
      callbackUrl: 'https://api.dreamjar.example/api/auth/google/callback/',
      authorizationUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
      tokenUrl: 'http://127.0.0.1:1/token',
      userinfoUrl: 'https://openidconnect.googleapis.com/v1/userinfo',
    },
    payments: 'stripe',
    currency: 'eur',
    stripe: { secretKey: 'sk', webhookSecret: 'whsec', apiBase: 'http://127.0.0.1:12111' },
  });
});

test.each([
  ['1s', 1],
  ['60m', 3600],
  ['24h', 24 * 3600],
  ['7d', 7 * 24 * 3600],
])('a life of %s lasts %i seconds', (text, seconds) => {
  expect(readConfig({ ACCESS_TOKEN_TTL: text }).accessTokenTtl).toBe(seconds);
});

test.each([
  'postgres://ada:p%40ss@db.example:5433/dreamjar?sslmode=require',
  'postgresql:///dreamjar?host=/var/run/postgresql',
  'postgresql://ada@/dreamjar',
])('DATABASE_URL=%s is understood', (url) => {
  expect(readConfig({ DATABASE_URL: url }).databaseUrl).toBe(url);
});

test.each([
  ['0', 0],
  ['1', 1],
  ['10.0.0.7', ['10.0.0.7']],
  ['10.0.0.0/8, 192.168.1.1,::1', ['10.0.0.0/8', '192.168.1.1', '::1']],
  ['loopback, uniquelocal', ['loopback', 'uniquelocal']],
])('TRUST_PROXY=%s is understood', (text, trusted) => {
  expect(readConfig({ TRUST_PROXY: text }).trustProxy).toEqual(trusted);
});

const BAD: [name: string, values: string[]][] = [
  ['NODE_ENV', ['staging', 'Production']],
  ['PORT', ['-1', '65536', '80.5', 'http', '1e3', '0x50', ' ']],
  ['DATABASE_URL', ['mysql://db/dreamjar', 'db:5432', 'postgres://db:99999/dreamjar']],
  ['DATABASE_POOL_SIZE', ['0', '501', '2.5', 'ten']],
  ['JWT_SECRET', ['thirty-one bytes are not enough']],
  ['ACCESS_TOKEN_TTL', ['60', '0m', '-5m', '1w', '1.5h', 'soon', '99999999d']],
  ['REFRESH_TOKEN_TTL', ['7 d', 'd7']],
  ['BCRYPT_COST', ['3', '16', 'high']],
  [
    'CORS_ORIGINS',
    [
      '*',
      'null',
      'dreamjar.example',
      'https://dreamjar.example/',
      'https://dreamjar.example/app',
      'https://*',
      'https://*.example',
      'https://*.*.dreamjar.example',
      'https://app.*.dreamjar.example',
      'https://preview-*.dreamjar.example',
      'https://*dreamjar.example',
      'https://*.dreamjar.example/',
      'https://*.dreamjar.example:443',
      '*://*.dreamjar.example',
      '*.dreamjar.example',
      'https://DreamJar.example',
      'https://dreamjar.example:443',
      'ftp://dreamjar.example',
      'https://a.example,,https://b.example',
    ],
  ],
  [
    'PUBLIC_URL',
    [
      'api.dreamjar.example',
      'ftp://dreamjar.example',
      '/api',
      'https://a.example/?b',
      'https://ida:hush@a.example',
      'https://ida@a.example/api',
    ],
  ],
  ['FRONTEND_URL', ['https://ida:hush@a.example']],
  [
    'SMTP_URL',
    ['smtp://', 'smtps:///', 'smtp://:25', 'smtp://ida:hush@', 'smtp://a.example:99999'],
  ],
  ['TRUST_PROXY', ['yes', '10.0.0', '10.0.0.1,nonsense', '10.0.0.0/33', '10.0.0.1/', '-1']],
  ['WEB_CONCURRENCY', ['0', '65', 'auto', '1.5']],
  ['METRICS_TOKEN', ['two words', 'tokén']],
  ['LOG_LEVEL', ['loud', 'INFO']],
];

test.each(BAD.flatMap(([name, values]) => values.map((value) => [name, value])))(
  '%s=%s is refused in one sentence that names it and keeps its value',
  (name, value) => {
    const complaint = complaintAbout({ [name]: value });
    expect(complaint).toMatch(new RegExp(`^These settings are not valid: ${name} \\(`));
    expect(complaint.match(new RegExp(name, 'g'))).toHaveLength(1);
    expect(complaint).not.toContain('\n');
    if (value.length > 3) expect(complaint).not.toContain(value);
  },
);

test('all bad settings are named at once', () => {
  const complaint = complaintAbout({ PORT: 'x', LOG_LEVEL: 'x', BCRYPT_COST: 'x' });
  expect(complaint).toMatch(/PORT .*BCRYPT_COST .*LOG_LEVEL /);
});

test('production wants a database and a secret, and costly hashes', () => {
  const { NODE_ENV, DATABASE_URL, JWT_SECRET } = PRODUCTION;
  expect(complaintAbout({ NODE_ENV })).toContain('DATABASE_URL and JWT_SECRET must be set');
  expect(complaintAbout({ NODE_ENV, DATABASE_URL })).toContain('JWT_SECRET must be set');
  expect(complaintAbout({ NODE_ENV, JWT_SECRET })).toContain('DATABASE_URL must be set');
  expect(complaintAbout({ ...PRODUCTION, BCRYPT_COST: '9' })).toContain('BCRYPT_COST');
  const mail = { ...PRODUCTION, SMTP_URL: 'smtp://mail.example' };
  expect(complaintAbout(mail)).toContain('PUBLIC_URL');
  expect(readConfig(PRODUCTION)).toMatchObject({ production: true, host: '0.0.0.0' });
  expect(readConfig({ BCRYPT_COST: '4' }).bcryptCost).toBe(4);
  expect(complaintAbout({ BCRYPT_COST: '3' })).toContain('from 10 to 15; for tests');
});

test.each([
  ['RATE_LIMIT', { ...PRODUCTION, RATE_LIMIT: 'off' }],
  ['RATE_LIMIT', { ...PRODUCTION, RATE_LIMIT: 'off', HOST: '0.0.0.0' }],
  ['GOOGLE_CLIENT_SECRET', { GOOGLE_CLIENT_ID: 'id' }],
  ['SMTP_URL', { SMTP_URL: 'https://mail.example' }],
  ['FRONTEND_URL', { FRONTEND_URL: 'dreamjar.example' }],
])('%s: %j is refused', (name, settings) => {
  expect(() => readConfig(settings)).toThrow(name);
});

const STRIPE = {
  PAYMENTS: 'stripe',
  STRIPE_SECRET_KEY: 'sk',
  STRIPE_WEBHOOK_SECRET: 'whsec',
  PUBLIC_URL: 'https://api.dreamjar.example',
  FRONTEND_URL: 'https://dreamjar.example',
};

test.each(['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'PUBLIC_URL', 'FRONTEND_URL'])(
  'PAYMENTS=stripe needs %s',
  (name) => {
    expect(readConfig(STRIPE).payments).toBe('stripe');
    const complaint = complaintAbout({ ...STRIPE, [name]: '' });
    expect(complaint).toContain(`PAYMENTS=stripe needs ${name}.`);
  },
);

test('with Stripe set up, gifts may still be pledges: it is heard for what was paid before', () => {
  const config = readConfig({ ...STRIPE, PAYMENTS: 'pledge' });
  expect(config).toMatchObject({ payments: 'pledge', stripe: { secretKey: 'sk' } });
  const half = complaintAbout({ STRIPE_SECRET_KEY: 'sk' });
  expect(half).toContain('STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET go together');
});

test.each(['USD', 'jpy', 'kwd', 'xxx', 'euro', 'zzz'])('CURRENCY=%s is refused', (CURRENCY) => {
  expect(complaintAbout({ CURRENCY })).toContain('CURRENCY (an ISO 4217 code in lower case');
});
