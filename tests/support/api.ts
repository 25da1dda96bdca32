import type { Server } from 'node:http';
import supertest from 'supertest';
import { afterAll, beforeAll } from 'vitest';
import { createApp } from '../../src/app.js';
import type { GoogleConfig } from '../../src/integrations/google.js';
import { openDatabase, type Database } from '../../src/database/client.js';
import { ERASURE, type ErasureFigures } from '../../src/config/erasure-figures.js';
import { createLogger, type Logger } from '../../src/observability/logger.js';
import { INDEXING, type IndexingFigures } from '../../src/config/indexing-figures.js';
import { MAIL_BUDGET } from '../../src/core/mailbox.js';
import { openOutbox, OUTBOX_FIGURES, type OutboxFigures } from '../../src/database/outbox.js';
import type { SearchBounds } from '../../src/database/searching.js';
import { openReplica } from '../../src/database/replica.js';
import { addressOf, listen, stopListening } from '../../src/http/server/listen.js';
import { SharedAnswers, type CacheResult } from '../../src/http/api/shared-answers.js';
import type { PaymentGateway } from '../../src/integrations/stripe.js';
import type { Bounds } from '../../src/config/bounds.js';
import type { Lifetimes } from '../../src/config/lifetimes.js';
import type { LimitTable } from '../../src/config/limit-figures.js';
import type { Waits } from '../../src/config/waits.js';
import { createTestDatabase, lookInto, type TestDatabase } from './database.js';
import { FIGURES } from './figures.js';
import { hearChanges, type Hearing } from './hearing.js';

export const JWT_SECRET = 'a secret for tests, and for nothing else';

export interface ApiOptions {
  corsOrigins?: string[];
  publicUrl?: string;
  trustProxy?: number | string[];
  /** Off unless told: most tests ask more often than a person would. */
  rateLimit?: boolean;
  /** Figures other than the usual ones; waits are long unless told. */
  limits?: Partial<LimitTable>;
  bounds?: Partial<Bounds>;
  waits?: Partial<Waits>;
  lifetimes?: Partial<Lifetimes>;
  bcryptCost?: number;
  poolSize?: number;
  metricsToken?: string;
  production?: boolean;
  frontendUrl?: string;
  /** The provider of sign-in by Google, once it is there to be asked. */
  google?: () => GoogleConfig;
  /** The way to Stripe, where gifts are to be paid; without it they are pledges. */
  stripe?: () => PaymentGateway;
  /** How deletions are carried out, where it is not as usual. */
  erasure?: Partial<ErasureFigures>;
  /** How search texts follow a new public name, where it is not as usual. */
  indexing?: Partial<IndexingFigures>;
  /** Other figures of the outbox. */
  outbox?: Partial<OutboxFigures>;
  /** ISO 4217, lower case; `usd` unless told. */
  currency?: string;
  /** Keeps what visitors share in memory, and hears of changes. */
  caching?: boolean;
  /** Whether it refuses what is more than it can bear. */
  sheds?: boolean;
  /** Hears of changes by another way than the database's own URL, such as a proxy in between. */
  hearsThrough?: (databaseUrl: string) => Promise<string>;
  /** A database that is there already, such as that of another API: whoever made it drops it. */
  on?: () => TestDatabase;
  /** Other bounds of searches. */
  search?: Partial<SearchBounds>;
  /** The URL of a replica, for visitors' reads. */
  replica?: () => Promise<string>;
  /** Another way to the same database, such as a proxy in between. */
  through?: (databaseUrl: string) => Promise<string>;
}

/** The API of one test file: a server on loopback over a database of its own. */
export interface Api {
  database: TestDatabase;
  db: Database;
  address: string;
  server: Server;
  log: Logger;
  /** What was logged, at the most talkative level. */
  logged: string[];
  answers: SharedAnswers;
  /** How requests were answered: from memory or not. */
  counted: Record<CacheResult, number>;
  /** Listening for changes, where there is a cache or a replica. */
  hearing: Hearing | undefined;
  /** Ends what the server stands on. */
  closeAll: () => Promise<void>;
  /** The API's clock: the real one until it is set. */
  clock: { now: Date | null };
  stopping: boolean;
  /** A request, signed with a token if one is given. */
  get(path: string, token?: string): supertest.Test;
  post(path: string, body?: object, token?: string): supertest.Test;
  put(path: string, body?: object, token?: string): supertest.Test;
  patch(path: string, body?: object, token?: string): supertest.Test;
  delete(path: string, token?: string): supertest.Test;
}

/** Starts the API before the tests of a file and ends it after them. */
export function useApi(options: ApiOptions = {}): Api {
  const api = {} as Api;
  beforeAll(async () => {
    Object.assign(api, await startApi(options));
  });
  afterAll(async () => {
    await stopListening(api.server);
    await api.closeAll();
    if (!options.on) await api.database.drop();
  });
  return api;
}

async function startApi(options: ApiOptions): Promise<Api> {
  const database = options.on?.() ?? (await createTestDatabase());
  const logged: string[] = [];
  const log = createLogger('trace', { write: (line: string) => void logged.push(line) });
  const url = (await options.through?.(database.url)) ?? database.url;
  const search = { ...FIGURES.search, ...options.search };
  const waits = { ...FIGURES.waits, ...options.waits };
  const db = openDatabase(url, options.poolSize ?? 10, log, search, waits.database);
  const clock: Api['clock'] = { now: null };
  const state = { stopping: false };
  const counted = { hit: 0, miss: 0, bypass: 0 };
  const answers = new SharedAnswers((result) => (counted[result] += 1));
  const replicaUrl = await options.replica?.();
  const replica =
    replicaUrl === undefined ? undefined : openReplica(db, replicaUrl, 5, log, waits, search);
  const listeners = [...(replica ? [replica] : []), ...(options.caching ? [answers] : [])];
  const hearsBy = (await options.hearsThrough?.(database.url)) ?? database.url;
  const hearing = listeners[0] && (await hearChanges(hearsBy, listeners, log, waits.listening));
  // By connections of its own: tests count what the API asks by the others.
  const beside = lookInto(database.url);
  const outbox = openOutbox({ query: ({ text }, values) => beside.sql(text, values) }, log, {
    ...OUTBOX_FIGURES,
    // Most tests have no worker that would make room.
    queued: 1_000_000,
    ...options.outbox,
  });
  const app = createApp({
    answers,
    outbox,
    replica,
    sheds: options.sheds ?? false,
    config: {
      corsOrigins: options.corsOrigins ?? ['http://localhost:5173'],
      publicUrl: options.publicUrl,
      trustProxy: options.trustProxy ?? 0,
      metricsToken: options.metricsToken,
      production: options.production ?? false,
    },
    settings: {
      jwtSecret: JWT_SECRET,
      accessTokenTtl: 3600,
      refreshTokenTtl: 7 * 24 * 3600,
      bcryptCost: options.bcryptCost ?? 4,
      frontendUrl: options.frontendUrl,
      google: options.google?.(),
      publicUrl: options.publicUrl ?? 'http://api.dreamjar.example',
      payments: options.stripe ? 'stripe' : 'pledge',
      currency: options.currency ?? 'usd',
      mailBudget: MAIL_BUDGET,
      stripe: options.stripe?.(),
      rateLimit: options.rateLimit ?? false,
      limits: { ...FIGURES.limits, ...options.limits },
      bounds: { ...FIGURES.bounds, ...options.bounds },
      waits,
      lifetimes: { ...FIGURES.lifetimes, ...options.lifetimes },
      erasure: { ...ERASURE, ...options.erasure },
      indexing: { ...INDEXING, ...options.indexing },
      search,
    },
    db,
    log,
    clock: () => clock.now ?? new Date(),
    isStopping: () => state.stopping,
  });
  const server = await listen(app, 0, '127.0.0.1', log, waits.client);
  const address = addressOf(server);
  const signed = (request: supertest.Test, token?: string) =>
    token === undefined ? request : request.set('Authorization', `Bearer ${token}`);
  const client = supertest(address);
  return Object.assign(state, {
    database,
    db,
    address,
    server,
    log,
    logged,
    answers,
    counted,
    hearing,
    closeAll: async () => {
      await outbox.close();
      await beside.close();
      await hearing?.close();
      await replica?.close();
      await db.close();
    },
    clock,
    get: (path: string, token?: string) => signed(client.get(path), token),
    post: (path: string, body: object = {}, token?: string) =>
      signed(client.post(path).send(body), token),
    put: (path: string, body: object = {}, token?: string) =>
      signed(client.put(path).send(body), token),
    patch: (path: string, body: object = {}, token?: string) =>
      signed(client.patch(path).send(body), token),
    delete: (path: string, token?: string) => signed(client.delete(path), token),
  });
}
