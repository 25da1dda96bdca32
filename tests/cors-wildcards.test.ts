import { expect, test } from 'vitest';
import { useApi } from './support/api.js';

const api = useApi({
  corsOrigins: ['https://app.example', 'https://*.preview.example', 'http://*.desk.example:5173'],
});

const allowed = async (origin: string) =>
  (await api.get('/campaigns/').set('Origin', origin)).headers['access-control-allow-origin'];

test.each([
  'https://app.example',
  'https://a.preview.example',
  'https://pull-17.preview.example',
  `https://${'x'.repeat(63)}.preview.example`,
  'http://shop.desk.example:5173',
])('%s may read responses', async (origin) => {
  expect(await allowed(origin)).toBe(origin);
});

test.each([
  'https://preview.example',
  'https://.preview.example',
  'https://a.b.preview.example',
  'https://apreview.example',
  'https://a-preview.example',
  'https://a.preview.example.evil.example',
  'https://evil.example/.preview.example',
  'https://evil.example?.preview.example',
  'https://evil.example#.preview.example',
  'https://evil.example:80@a.preview.example',
  'https://user@a.preview.example',
  'https://a.previewxexample',
  'https://a.preview.example:8443',
  'http://a.preview.example',
  'https://-.preview.example',
  'https://a-.preview.example',
  `https://${'x'.repeat(64)}.preview.example`,
  'https://A.preview.example',
  'https://*.preview.example',
  'http://shop.desk.example',
  'http://shop.desk.example:51730',
  'https://x.app.example',
  'null',
])('%s may not', async (origin) => {
  expect(await allowed(origin)).toBeUndefined();
});
