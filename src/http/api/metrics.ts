import { Router, type Request } from 'express';
import { Gauge, Registry } from 'prom-client';
import { allMetrics } from '../../observability/cluster-metrics.js';
import type { Database } from '../../database/client.js';
import { statement } from '../../database/statement.js';
import { Refusal } from '../../core/errors.js';
import { inTime } from '../../core/timeout.js';
import { IS_MAIL } from '../../database/enqueue.js';
import { registry } from '../../observability/metrics.js';
import { hashOfToken, sameHash } from '../../core/one-time-secrets.js';
import type { Waits } from '../../config/waits.js';
import { readOnly } from './read-only.js';

const JOBS = statement(`
  SELECT task, state, count(*)::int AS count
    FROM (SELECT task_identifier AS task,
                 CASE WHEN locked_at IS NOT NULL THEN 'running'
                      WHEN attempts >= max_attempts THEN 'failed'
                      ELSE 'waiting' END AS state
            FROM graphile_worker.jobs
           UNION ALL SELECT 'send_mail', 'waiting' FROM outbox WHERE ${IS_MAIL}
           LIMIT 100000) AS jobs
   GROUP BY task, state`);

interface JobCount {
  task: string;
  state: 'waiting' | 'running' | 'failed';
  count: number;
}

/** What the metrics stand on. */
export interface MetricsDependencies {
  token: string | undefined;
  /** Where there is no token: a proxy that adds no header would make everybody a caller from this machine. */
  isProduction: boolean;
  db: Database;
  waits: Waits;
}

/** `/metrics` for Prometheus: with the token; where there is none, outside production for callers on this machine. */
export function metrics({ token, isProduction, db, waits }: MetricsDependencies): Router {
  const router = Router({ caseSensitive: true });
  readOnly(router, '/metrics', async (req, res) => {
    admit(req, token, isProduction);
    const [ofProcesses, ofJobs] = await Promise.all([allMetrics(), jobMetrics(db, waits)]);
    res.set({ 'Content-Type': registry.contentType, 'Cache-Control': 'no-store' });
    res.send(ofProcesses + ofJobs);
  });
  return router;
}

function admit(req: Request, token: string | undefined, isProduction: boolean): void {
  if (token === undefined) {
    if (!isProduction && isFromHere(req)) return;
    throw new Refusal('permission_denied', 'Set METRICS_TOKEN and send it to read the metrics.');
  }
  const given = /^Bearer +(\S+) *$/i.exec(req.headers.authorization ?? '')?.[1] ?? '';
  if (sameHash(hashOfToken(given), hashOfToken(token))) return;
  throw new Refusal('not_authenticated', 'Send the token of the metrics as Authorization: Bearer.');
}

/** A proxy on this machine must not let in those who come through it. */
function isFromHere({ socket, ip, headers }: Request): boolean {
  const passedOn = Object.keys(headers).some((name) => PROXYS.test(name));
  return !passedOn && [socket.remoteAddress, ip].every((address) => LOOPBACK.test(address ?? ''));
}

const PROXYS = /^(forwarded$|via$|x-forwarded|x-real-ip$)/;
const LOOPBACK = /^((::ffff:)?127\.\d+\.\d+\.\d+|::1)$/i;

/** Empty when the database doesn't tell, or not in time. */
async function jobMetrics(db: Database, waits: Waits): Promise<string> {
  const tooLong = () => new Error('the count of jobs took too long');
  const asked = inTime(db.query<JobCount>(JOBS, []), waits.countJobs, tooLong);
  const counts = await asked.catch(() => undefined);
  if (!counts) return '';
  const own = new Registry();
  const jobs = new Gauge({
    name: 'jobs',
    help: 'Jobs in the queue by task and state; `failed`: given up.',
    labelNames: ['task', 'state'],
    registers: [own],
  });
  for (const { task, state, count } of counts) jobs.set({ task, state }, count);
  return own.metrics();
}
