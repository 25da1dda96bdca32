import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OAuth2Issuer, OAuth2Service, type MutableResponse } from 'oauth2-mock-server';
import { afterAll, beforeAll, expect } from 'vitest';
import type { GoogleConfig } from '../../src/integrations/google.js';
import type { Api } from './api.js';
import { send, type Answer } from './bare-http.js';

/** What the provider tells of a person. */
export interface Claims {
  sub?: unknown;
  email?: unknown;
  email_verified?: unknown;
  given_name?: unknown;
  family_name?: unknown;
}

/** A provider on loopback, in the place of Google. */
export interface Provider {
  google: GoogleConfig;
  /** Who agrees to sign in. */
  person: Claims;
  /** Answers in the place of the provider, where set. */
  instead: Partial<Record<'/token' | '/userinfo' | '/elsewhere', RequestListener>>;
  /** What was asked of it: method, path and query. */
  asked: string[];
  /** The bodies that reached its token endpoint. */
  tokenRequests: Record<string, unknown>[];
}

/** Starts a provider before the tests of a file and ends it after them. */
export function useProvider(callbackUrl: string): Provider {
  const provider = { instead: {}, asked: [], tokenRequests: [], person: {} } as unknown as Provider;
  const issuer = new OAuth2Issuer();
  const service = new OAuth2Service(issuer);
  service.on('beforeUserinfo', (answer: MutableResponse) => {
    answer.body = provider.person as Record<string, unknown>;
  });
  service.on('beforeResponse', (_answer: MutableResponse, req: { body: object }) => {
    provider.tokenRequests.push({ ...req.body });
  });
  const server = createServer((req, res) => {
    provider.asked.push(`${req.method} ${req.url}`);
    const { pathname } = new URL(req.url ?? '', 'http://provider');
    const handle = provider.instead[pathname as '/token'] ?? service.requestHandler;
    handle(req, res);
  });
  beforeAll(async () => {
    await issuer.keys.generate('RS256');
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    issuer.url = address;
    provider.google = {
      clientId: 'our-client',
      clientSecret: 'our client secret',
      callbackUrl,
      authorizationUrl: `${address}/authorize`,
      tokenUrl: `${address}/token`,
      userinfoUrl: `${address}/userinfo`,
    };
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return provider;
}

export const CALLBACK = '/api/auth/google/callback/';

/** A browser on its way: where it was sent, and the cookie it keeps. */
export interface Journey {
  /** The provider's page. */
  page: URL;
  cookie: string;
  setCookie: string;
}

/** Begins a sign-in as a browser does. */
export async function leave(api: Api, query = ''): Promise<Journey> {
  const { status, headers } = await send(api, 'GET', `/auth/google/login/${query}`);
  expect(status).toBe(302);
  const [setCookie = ''] = headers['set-cookie'] ?? [];
  return { page: new URL(headers.location!), cookie: setCookie.split(';')[0]!, setCookie };
}

/** Agrees on the provider's page: the query that the browser is sent back with. */
export async function agree({ page }: Pick<Journey, 'page'>): Promise<URLSearchParams> {
  const { status, headers } = await fetch(page, { redirect: 'manual' });
  expect(status).toBe(302);
  return new URL(headers.get('location')!).searchParams;
}

/** Comes back from the provider. */
export function comeBack(
  api: Api,
  query: URLSearchParams | string,
  cookie?: string,
  more: Record<string, string> = {},
): Promise<Answer> {
  const headers = { ...(cookie !== undefined && { Cookie: cookie }), ...more };
  return send(api, 'GET', `${CALLBACK}?${query.toString()}`, headers);
}

/** A whole sign-in. */
export async function signIn(api: Api): Promise<Answer> {
  const journey = await leave(api);
  return comeBack(api, await agree(journey), journey.cookie);
}

/** The last address of a sign-in that ends in the browser app. */
export function arrival({ headers }: Answer): URL {
  return new URL(headers.location!);
}
