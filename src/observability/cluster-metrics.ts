import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry } from 'prom-client';
import { registry } from './metrics.js';

/** Milliseconds. A process that is too busy to answer is left out. */
const PATIENCE = { each: 400, all: 600 };

type Metrics = Awaited<ReturnType<typeof registry.getMetricsAsJSON>>;
type Peer = Worker | NodeJS.Process;

/** What processes say to each other over the cluster's channel. */
interface Question {
  scrape: number;
}
interface Answer {
  scraped: number;
  told: unknown;
}

let underWay: Promise<string> | undefined;
let asked = 0;

/** The metrics of all processes of the server as text. Who asks meanwhile is told the same. */
export function allMetrics(): Promise<string> {
  return (underWay ??= gather().finally(() => (underWay = undefined)));
}

/** Answers the other processes of a cluster: web processes for themselves, the primary for all. */
export function answerScrapes(): void {
  if (cluster.isWorker) {
    process.on('message', (message: Partial<Question>) => {
      if (message.scrape) answer(process, message.scrape, registry.getMetricsAsJSON());
    });
  } else {
    cluster.on('message', (child, message: Partial<Question>) => {
      if (message.scrape) answer(child, message.scrape, allMetrics());
    });
  }
}

async function gather(): Promise<string> {
  if (cluster.isWorker) {
    return (await ask<string>(process, PATIENCE.all)) ?? registry.metrics();
  }
  const children = Object.values(cluster.workers ?? {}).filter((child) => child !== undefined);
  if (children.length === 0) return registry.metrics();
  const told = children.map((child) => ask<Metrics>(child, PATIENCE.each));
  const all = await Promise.all([registry.getMetricsAsJSON(), ...told]);
  return AggregatorRegistry.aggregate(all.filter((one) => one !== undefined)).metrics();
}

/** Undefined when no answer comes in time. */
function ask<Told>(peer: Peer, patience: number): Promise<Told | undefined> {
  asked += 1;
  const scrape = asked;
  return new Promise((resolve) => {
    const end = (told?: unknown) => {
      clearTimeout(late);
      peer.off('message', hear);
      resolve(told as Told | undefined);
    };
    const hear = (message: Partial<Answer>) => {
      if (message.scraped === scrape) end(message.told);
    };
    const late = setTimeout(end, patience);
    peer.on('message', hear);
    tell(peer, { scrape });
  });
}

function answer(peer: Peer, scraped: number, telling: Promise<unknown>): void {
  telling.then(
    (told) => tell(peer, { scraped, told }),
    () => undefined,
  );
}

/** Whether it arrives shows by an answer: the other may be gone. */
function tell(peer: Peer, message: Question | Answer): void {
  peer.send?.(message, undefined, undefined, () => undefined);
}
