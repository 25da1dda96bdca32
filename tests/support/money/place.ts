import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import supertest, { type Response } from 'supertest';
import type { JobContext } from '../../../src/context.js';
import { openDatabase } from '../../../src/database/client.js';
import { createLogger } from '../../../src/observability/logger.js';
import { createPaymentGateway } from '../../../src/integrations/stripe/gateway.js';
import { JWT_SECRET, type Api } from '../api.js';
import { createTestDatabase, type TestDatabase } from '../database.js';
import { startStripe, type FakeStripe } from '../stripe.js';
import { SETTINGS } from '../worker.js';
import { startServers, type Servers } from './servers.js';

export type Payments = 'pledge' | 'stripe';

/** What came of a request; `cut` when its server died over it. */
export interface Answer {
  status: number | 'cut';
  body: Response['body'];
}

export interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  body?: object;
  token?: string | undefined;
  key?: string | undefined;
}

/** A deployment: a database, an account at Stripe, and two servers. */
export interface Place {
  payments: Payments;
  database: TestDatabase;
  stripe: FakeStripe;
  servers: Servers;
  ask(call: Call): Promise<Answer>;
  /** As much of the API as the factories need. */
  api(): Promise<Api>;
  /** A context as the worker's jobs have it, so many hours from now. */
  context(hours?: number): JobContext;
  close(): Promise<void>;
}

/** Opens a deployment of its own. */
export async function openPlace(payments: Payments): Promise<Place> {
  const [database, stripe, folder] = await Promise.all([
    createTestDatabase(),
    startStripe(),
    mkdtemp(join(tmpdir(), 'dreamjar-money-')),
  ]);
  await database.sql(REMEMBER_MAILS);
  const { secretKey, webhookSecret, apiBase } = stripe.config;
  const servers = await startServers({
    PORT: '0',
    NODE_ENV: 'test',
    DATABASE_URL: database.url,
    DATABASE_POOL_SIZE: '6',
    DATA_DIR: folder,
    JWT_SECRET,
    BCRYPT_COST: '4',
    RATE_LIMIT: 'off',
    LOG_LEVEL: 'error',
    PAYMENTS: payments,
    PUBLIC_URL: SETTINGS.publicUrl ?? '',
    FRONTEND_URL: SETTINGS.frontendUrl ?? '',
    STRIPE_SECRET_KEY: secretKey,
    STRIPE_WEBHOOK_SECRET: webhookSecret,
    STRIPE_API_BASE: apiBase ?? '',
  });
  const log = createLogger('silent');
  const db = openDatabase(database.url, 2, log, SETTINGS.search, SETTINGS.waits.database);
  const settings = { ...SETTINGS, payments, stripe: createPaymentGateway(stripe.config) };
  return {
    payments,
    database,
    stripe,
    servers,
    ask: (call) => ask(servers, call),
    api: async () => clientOf(await servers.address()),
    context: (hours = 0) => ({ db, log, settings, now: new Date(Date.now() + hours * HOUR) }),
    close: async () => {
      await servers.stop();
      await stripe.stop();
      await db.close();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const HOUR = 3_600_000;

/** A job is gone once it is done; here each mail of a gift leaves a line when it is enqueued. */
const REMEMBER_MAILS = `
  CREATE TABLE enqueued_mails (key text NOT NULL);
  CREATE FUNCTION remember_mail() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN INSERT INTO enqueued_mails VALUES (NEW.key); RETURN NULL; END $$;
  CREATE TRIGGER remember_mail AFTER INSERT ON graphile_worker._private_jobs
    FOR EACH ROW WHEN (NEW.key LIKE 'gift%') EXECUTE FUNCTION remember_mail()`;

async function ask(servers: Servers, { method, path, body, token, key }: Call): Promise<Answer> {
  const address = await servers.address();
  try {
    const response = await fetch(address + path, {
      method,
      headers: {
        ...(body && { 'Content-Type': 'application/json' }),
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        ...(key !== undefined && { 'Idempotency-Key': key }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  } catch {
    return { status: 'cut', body: undefined };
  }
}

function clientOf(address: string): Api {
  const post = (path: string, body: object = {}, token?: string) => {
    const request = supertest(address).post(path).send(body);
    return token === undefined ? request : request.set('Authorization', `Bearer ${token}`);
  };
  return { post } as Api;
}
