import type pg from 'pg';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What this process counts of itself. No label holds what a person typed, and each has few values. */
export const registry = new Registry();

const registers = [registry];

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

const requests = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Requests by method, route and status; `none`: no such route, or refused before it was looked for, `aborted`: nobody heard the answer.',
  labelNames: ['method', 'route', 'status'],
  registers,
});

const cacheRequests = new Counter({
  name: 'cache_requests_total',
  help: 'Reads that may be answered from memory, by what became of them.',
  labelNames: ['result'],
  registers,
});

const slowQueries = new Counter({
  name: 'slow_queries_total',
  help: 'Statements that took longer than is logged.',
  registers,
});

const stripeEvents = new Counter({
  name: 'stripe_events_total',
  help: 'Signed events of Stripe by what came of them; all but `done`, `repeated` and `ignored` are logged as errors.',
  labelNames: ['result'],
  registers,
});

const withheldReceipts = new Counter({
  name: 'receipts_withheld_total',
  help: 'Receipts that were not mailed, since guests from their network name too many mailboxes.',
  registers,
});

const pools = new Set<pg.Pool>();

new Gauge({
  name: 'database_pool_connections',
  help: 'Connections to the database, open and idle, and those who wait for one.',
  labelNames: ['state'],
  registers,
  collect() {
    const sum = (of: (pool: pg.Pool) => number) => [...pools].reduce((n, pool) => n + of(pool), 0);
    this.set(
      { state: 'total' },
      sum((pool) => pool.totalCount),
    );
    this.set(
      { state: 'idle' },
      sum((pool) => pool.idleCount),
    );
    this.set(
      { state: 'waiting' },
      sum((pool) => pool.waitingCount),
    );
  },
});

new Gauge({
  name: 'server_processes',
  help: 'Processes that this answer tells of.',
  registers,
}).set(1);

/** A request that is over. */
export interface FinishedRequest {
  method: string;
  /** The route's pattern, if there was one. */
  route: string | undefined;
  status: number | 'aborted';
  /** Milliseconds. */
  ms: number;
}

/** Counts a request that is over: about two microseconds. */
export function countRequest({ method, route = 'none', status, ms }: FinishedRequest): void {
  requests.observe({ method: METHODS.has(method) ? method : 'other', route, status }, ms / 1000);
}

/** Counts a read that could be answered from memory, was not there, or went past it. */
export function countCache(result: 'hit' | 'miss' | 'bypass'): void {
  cacheRequests.inc({ result });
}

/** Counts a statement that was logged as slow. */
export function countSlowQuery(): void {
  slowQueries.inc();
}

/** What came of an event of Stripe that was taken: an answer of 200, whatever it is. */
export type StripeEventResult =
  | 'done'
  | 'repeated'
  | 'ignored'
  | 'not_understood'
  | 'not_as_asked'
  | 'not_stored'
  | 'not_answered';

/** Counts a signed event of Stripe. */
export function countStripeEvent(result: StripeEventResult): void {
  stripeEvents.inc({ result });
}

/** Counts a receipt that is not mailed. */
export function countWithheldReceipt(): void {
  withheldReceipts.inc();
}

/** Counts the connections of a pool, until the returned function is called. */
export function countConnections(pool: pg.Pool): () => void {
  pools.add(pool);
  return () => void pools.delete(pool);
}

/** Measures the process itself: memory, processor, the lag of its event loop. Call it once. */
export function measureProcess(): void {
  collectDefaultMetrics({ register: registry });
}
