import { expect, test } from 'vitest';
import packageFile from '../package.json' with { type: 'json' };
import { DEFAULT_LIMITS } from '../src/config/limit-figures.js';
import { useApi } from './support/api.js';
import { useDocument } from './support/document.js';

const api = useApi({
  caching: true,
  currency: 'eur',
  bounds: { children: 7, campaigns: 9, openCampaigns: 4 },
});
const limited = useApi({
  rateLimit: true,
  limits: {
    login: { calls: 'sign in', rules: [{ max: 11, seconds: 60, per: ['client address'] }] },
    webhook: {
      calls: "Stripe's webhook",
      rules: [{ max: 5, seconds: 60, per: ['client address'], kept: 'in memory' }],
    },
  },
});
const served = useDocument(api);

test('a client learns what it has to know before it asks for anything else', async () => {
  const { body } = await api.get('/config/').expect(200);
  expect(body).toMatchObject({
    currency: 'eur',
    payments: 'pledge',
    google: false,
    categories: ['sports', 'education', 'hobbies', 'health', 'dreams'],
    version: packageFile.version,
  });
  expect(body.limits).toMatchObject({
    parent: {
      username: { min_length: 3, max_length: 150 },
      email: { max_length: 254 },
      password: { min_length: 8, max_bytes: 72 },
      first_name: { max_length: 150 },
    },
    child: { name: { min_length: 2, max_length: 100 }, profile_picture: { max_length: 2048 } },
    campaign: {
      title: { min_length: 1, max_length: 200 },
      description: { max_length: 10_000 },
      goal: { min: 1, max: 100_000 },
    },
    donation: {
      amount: { min: 1, max: 100_000 },
      comment: { max_length: 200 },
      donor_name: { max_length: 100 },
    },
    page_size: { min: 1, max: 100, default: 100 },
    children: 7,
    campaigns: 9,
    open_campaigns: 4,
  });
  expect(body.limits.rates).toEqual({});
});

test('it tells the rate limits, but not where they are counted', async () => {
  const response = await limited.get('/config/').expect(200);
  served.expectDocumented('GET /config/', response);
  const { rates } = response.body.limits;
  expect(Object.keys(rates)).toEqual(Object.keys(DEFAULT_LIMITS));
  expect(rates).toMatchObject({
    login: { calls: 'sign in', rules: [{ max: 11, seconds: 60, per: ['client address'] }] },
  });
  expect(rates.webhook.rules).toEqual([{ max: 5, seconds: 60, per: ['client address'] }]);
});

test('it is kept with an ETag, with and without a token', async () => {
  const first = await api.get('/config/').expect(200);
  served.expectDocumented('GET /config/', first);
  const etag = String(first.headers['etag']);
  expect(first.headers['cache-control']).toBe('public, no-cache');
  await api.get('/config').set('If-None-Match', etag).expect(304);
  expect((await api.get('/config/', 'stale').expect(200)).body).toEqual(first.body);
});

test('it needs no database', async () => {
  const before = api.counted.hit;
  await api.get('/config/').expect(200);
  await api.get('/config/').expect(200);
  expect(api.counted.hit).toBeGreaterThan(before);
});
