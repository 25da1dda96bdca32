import { expect, test } from 'vitest';
import { SETTINGS } from '../src/config/config.js';
import { nearestName } from '../src/config/near-names.js';

test.each([
  ['RATE_LIMITS', 'RATE_LIMIT'],
  ['rate_limit', 'RATE_LIMIT'],
  ['RATE-LIMIT', 'RATE_LIMIT'],
  ['RAET_LIMIT', 'RATE_LIMIT'],
  ['RATELIMIT', 'RATE_LIMIT'],
  ['PORTS', 'PORT'],
  ['DATABASE_URI', 'DATABASE_URL'],
  ['CORS_ORIGIN', 'CORS_ORIGINS'],
  ['MAX_CAMPAIGN', 'MAX_CAMPAIGNS'],
])('%s is taken for a slip of %s', (name, meant) => {
  expect(nearestName(name, SETTINGS)).toBe(meant);
});

test.each([
  ...[
    'PGHOST',
    'PGPORT',
    'PGOPTIONS',
    'PGSSLMODE',
    'NODE_OPTIONS',
    'NODE_PATH',
    'NODE_EXTRA_CA_CERTS',
  ],
  ...['HOSTNAME', 'TZ', 'PATH', 'HOME', 'DATABASE_USER', 'SMTP_HOST', 'MAIL_HOST', 'REDIS_URL'],
  ...SETTINGS,
])('%s is not', (name) => {
  expect(nearestName(name, SETTINGS)).toBeUndefined();
});
