import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DEFAULT_LIMITS, describeRules } from '../src/config/limit-figures.js';
import type { LimitRule } from '../src/config/limit-figures.js';
import { limitsOf } from '../src/http/api/find-route.js';
import { DEFAULT_BOUNDS, describeDownloads } from '../src/config/bounds.js';
import { routes } from '../src/routes.js';
import { useApi } from './support/api.js';

const api = useApi({
  bounds: { parentAtOnce: 3, parentWaiting: 5, downloads: 7, downloadsPerParent: 6 },
});

const MAP = routes(() => false);

test('the README shows every limit with its figures', () => {
  const readme = readFileSync('README.md', 'utf8');
  const table = readme.split('| call ')[1]!.split('\n\n')[0]!;
  const rows = table.split('\n').slice(2);
  const cells = rows.map((row) =>
    row
      .split('|')
      .map((cell) => cell.trim())
      .slice(1, 3),
  );
  const limits = Object.values(DEFAULT_LIMITS);
  expect(cells).toEqual([
    ...limits.map(({ calls, rules }) => [calls, describeRules(rules as LimitRule[])]),
    ['download donations as CSV', describeDownloads(DEFAULT_BOUNDS)],
  ]);
});

test('every endpoint has a limit that applies to it, but for the health checks', () => {
  const unlimited = MAP.filter((route) => {
    const rules = limitsOf(route).flatMap((name) => DEFAULT_LIMITS[name].rules as LimitRule[]);
    const isSignedIn = route.audience === 'parents';
    return !rules.some(({ per }) =>
      isSignedIn ? per.includes('parent') : per.includes('client address'),
    );
  });
  expect(unlimited.map(({ path }) => path)).toEqual(['/health/live', '/health/ready']);
});

test('the OpenAPI document has 429 with the figures for each of them', async () => {
  const { body: document } = await api.get('/openapi.json').expect(200);
  for (const { method, path } of MAP) {
    const operation = document.paths[path.replace(/:(\w+)/g, '{$1}')][method.toLowerCase()];
    const told: string | undefined = operation.responses['429']?.description;
    if (path.startsWith('/health/')) expect(told).toBeUndefined();
    else expect(told, `${method} ${path}`).toMatch(/At most [\d,]+ /);
  }
  const signIn = document.paths['/api/token/'].post.responses['429'].description;
  expect(signIn).toContain('10 a minute per email address and client address');
  expect(signIn).not.toContain('at once');
});

test('it tells how many requests of a parent are worked on at once', async () => {
  const { body: document } = await api.get('/openapi.json').expect(200);
  for (const [path, method] of [
    ['/parents/{id}/', 'get'],
    ['/campaigns/', 'get'],
  ] as const) {
    const told = document.paths[path][method].responses['429'].description;
    expect(told).toContain('Of one parent, 3 requests are worked on at once and 5 more wait.');
  }
});

test('it tells how many downloads there may be at once, with each refusal of one', async () => {
  const { body: document } = await api.get('/openapi.json').expect(200);
  const { get: file } = document.paths['/campaigns/{id}/donations.csv'];
  for (const status of [429, 503]) {
    expect(file.responses[status].description).toContain('6 at once per parent; 7 at once');
  }
  const { get: receipt } = document.paths['/donations/{id}/receipt/'];
  expect(receipt.responses[503].description).not.toContain('at once per process');
});
