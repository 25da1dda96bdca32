import { expect, test } from 'vitest';
import packageFile from '../package.json' with { type: 'json' };
import { useApi } from './support/api.js';

const api = useApi({ publicUrl: 'https://dreamjar.example/api/v1' });
const bare = useApi();

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

test('a program is told where the API is described', async () => {
  for (const accept of ['application/json', '*/*']) {
    const { body, headers } = await api.get('/').set('Accept', accept).expect(200);
    expect(body).toEqual({
      name: 'DreamJar',
      version: packageFile.version,
      docs: 'https://dreamjar.example/api/v1/docs',
      openapi: 'https://dreamjar.example/api/v1/openapi.json',
    });
    expect(headers['vary']).toContain('Accept');
  }
  const { body } = await bare.get('/').set('Host', 'desk.example:3000').expect(200);
  expect(body.docs).toBe('http://desk.example:3000/docs');
});

test.each([
  ['/', '/docs'],
  ['/?from=mail', '/docs'],
  ['/api/v1', '/api/v1/docs'],
  ['/api/v1/', '/api/v1/docs'],
])('a browser that opens %s is led to %s', async (path, docs) => {
  const { status, headers, text } = await api.get(path).set('Accept', BROWSER);
  expect([status, text]).toEqual([303, '']);
  expect(headers['location']).not.toMatch(/^(\/|https?:)/);
  const { pathname } = new URL(headers['location'] as string, `http://browser.example${path}`);
  expect(pathname).toBe(docs);
});

test('the document has the version of the package, and the public address', async () => {
  const { body } = await api.get('/openapi.json').expect(200);
  expect(body.info.version).toBe(packageFile.version);
  expect(body.servers).toEqual([{ url: 'https://dreamjar.example/api/v1' }]);
  expect((await bare.get('/openapi.json')).body.servers).toEqual([{ url: '/' }]);
});

test.each(['', '/api/v1'])(
  'a proxy may strip the path of the public address or leave it: %j',
  async (prefix) => {
    for (const path of ['/campaigns/', '/campaigns', '/docs', '/docs/start.js', '/openapi.json']) {
      await api.get(`${prefix}${path}`).expect(200);
    }
    await api.get(`${prefix}/health/ready`).expect(200);
    await api.get(`${prefix}/parents/me/`).expect(401);
    const { headers } = await api.delete(`${prefix}/campaigns/`).expect(405);
    expect(headers['allow']).toBe('GET, HEAD');
    await api.get(`${prefix}/nothing`).expect(404);
    await api.get(`/other${prefix}/campaigns/`).expect(404);
  },
);

test('without a path in the public address there is none to strip', async () => {
  await bare.get('/api/v1/campaigns/').expect(404);
});
