import { expect, test } from 'vitest';
import { useApi } from './support/api.js';

const api = useApi();

interface Page {
  html: string;
  policy: Map<string, string[]>;
}

async function page(): Promise<Page> {
  const { text, headers } = await api.get('/docs').expect(200);
  expect(headers['content-type']).toBe('text/html; charset=utf-8');
  const directives = String(headers['content-security-policy']).split('; ');
  const policy = directives.map((directive) => directive.split(' ') as [string, ...string[]]);
  return { html: text, policy: new Map(policy.map(([name, ...sources]) => [name, sources])) };
}

/** Every address that a page loads something from, as a browser understands it. */
function references(html: string, pageAddress = '/docs'): string[] {
  const base = `http://browser.example${pageAddress}`;
  return [...html.matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, address]) => {
    const { origin, pathname } = new URL(address!, base);
    expect(origin).toBe('http://browser.example');
    return pathname;
  });
}

test('the page is HTML that runs nothing inline', async () => {
  const { html } = await page();
  expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
  expect(html).toContain('<title>DreamJar API</title>');
  for (const [, attributes, content] of html.matchAll(/<script([^>]*)>([^<]*)<\/script>/g)) {
    expect(attributes).toMatch(/\bsrc="/);
    expect(content).toBe('');
  }
  expect(html).not.toMatch(/\son\w+=|javascript:|<style|\sstyle=/i);
});

test('its policy lets in our own files, and nothing from or to another host', async () => {
  const { policy } = await page();
  expect(Object.fromEntries(policy)).toEqual({
    'default-src': ["'none'"],
    'script-src': ["'self'"],
    'style-src': ["'self'"],
    'img-src': ["'self'", 'data:'],
    'connect-src': ["'self'"],
    'base-uri': ["'none'"],
    'form-action': ["'none'"],
    'frame-ancestors': ["'none'"],
  });
});

test('all that it loads is served by us, with the type that browsers insist on', async () => {
  const { html } = await page();
  const types: Record<string, string> = {
    css: 'text/css',
    js: 'text/javascript',
    png: 'image/png',
  };
  const addresses = references(html);
  expect(addresses).toEqual(
    expect.arrayContaining(['/docs/swagger-ui-bundle.js', '/docs/swagger-ui.css']),
  );
  for (const address of addresses) {
    expect(address).toMatch(/^\/docs\/[\w.-]+$/);
    const { headers, body, text } = await api.get(address).expect(200);
    expect(headers['content-type'], address).toMatch(types[address.split('.').at(-1)!]!);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(((body as Buffer).length || text.length) > 100, address).toBe(true);
  }
});

test.each(['/docs', '/docs/', '/api/v1/docs', '/api/v1/docs/'])(
  'as %s it loads its files from beside itself',
  async (address) => {
    const { text } = await api.get(address.replace('/api/v1', '')).expect(200);
    const folder = `${address.replace(/\/$/, '')}/`;
    const addresses = references(text, address);
    expect(addresses).toHaveLength(4);
    for (const found of addresses) expect(found.startsWith(folder), found).toBe(true);
  },
);

test('its start reads our own document, asks no validator, and keeps no token', async () => {
  const { text } = await api.get('/docs/start.js').expect(200);
  expect(text).toContain("new URL('../openapi.json', document.currentScript.src)");
  expect(text).toContain('defaultModelsExpandDepth: -1');
  expect(text).toContain('validatorUrl: null');
  expect(text).toContain('persistAuthorization: false');
  expect(text).not.toMatch(/https?:\/\//);
});

test('its styles load nothing from elsewhere', async () => {
  const { text } = await api.get('/docs/swagger-ui.css').expect(200);
  const loaded = [...text.matchAll(/url\(["']?([^)"']{0,40})/g)].map(([, address]) => address!);
  for (const address of loaded) expect(address).toMatch(/^data:/);
  expect(text).not.toMatch(/@import|@font-face/);
});

test('the document can be read without a token, and also with a stale one', async () => {
  for (const path of ['/openapi.json', '/docs', '/docs/start.js']) {
    await api.get(path, 'stale').expect(200);
  }
});
