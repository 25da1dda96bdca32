import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Change } from '../../database/changes.js';
import type { Context } from '../../context.js';
import type { Reply } from './reply.js';

/** Bytes of answers that are kept, what they were made from included. */
const LARGEST = 48_000_000;

/** Answers that are kept, and spellings of addresses that need not be understood again. */
const MOST = 2_000;

/** Characters of an address beyond which it is understood each time. */
const LONGEST_ADDRESS = 300;

/** What was read for all visitors alike, and how it is told at a moment. */
export interface SharedData {
  present(now: Date): Reply;
  /** The campaigns that it tells of. */
  campaigns: number[];
  /** What else may change it: a change of any campaign, or also a gift to any. */
  dependsOn: 'its campaigns' | 'any campaign' | 'any gift';
  /** The deadlines in it: each second brings them nearer, and one that passes may change all. */
  deadlines: (Date | string | null)[];
}

/** An answer that is the same for all visitors. */
export interface SharedSource {
  /** The same for all spellings of one question; null for one that few will ask. */
  key: string | null;
  load(ctx: Context): Promise<SharedData>;
}

/** An answer as it is sent, until time changes it. */
export interface Rendered {
  bytes: Buffer;
  etag: string;
  next: string | undefined;
  total: number | undefined;
  /** Milliseconds since the epoch: from then on it would say something else. */
  until: number;
}

/** What is kept: what was read, until a deadline in it passes, and the answer that was last made from it. */
interface Kept {
  data: SharedData;
  until: number;
  rendered: Rendered;
}

/** How a request was answered: from memory, from the database for all who asked, or for itself alone. */
export type CacheResult = 'hit' | 'miss' | 'bypass';

/**
 * What visitors share, read once for all of them and kept until it changes. Nothing is kept while changes
 * made by other processes are not heard of.
 */
export class SharedAnswers {
  readonly #kept = new LRUCache<string, Kept>({
    max: MOST,
    maxSize: LARGEST,
    // The rows take about three times as much as the bytes that are made of them.
    sizeCalculation: ({ rendered }) => rendered.bytes.length * 4 + 500,
  });
  /** What is being read, to be joined by all who ask before the next change. */
  readonly #loading = new Map<string, Promise<Kept>>();
  /** For each reading under way, the changes since it began. */
  readonly #meanwhile = new Set<Change[]>();
  readonly #sources = new LRUCache<string, SharedSource>({ max: MOST });
  #hears = false;

  constructor(private readonly count: (result: CacheResult) => void = () => undefined) {}

  /** Whether changes made by other processes are heard of from now on. */
  hear(hears: boolean): void {
    this.#hears = hears;
    this.changed({ of: 'all' });
  }

  /** The source of an address, which is understood once for each spelling. */
  async sourceOf(address: string, understand: () => Promise<SharedSource>): Promise<SharedSource> {
    const known = this.#sources.get(address);
    if (known) return known;
    const source = await understand();
    if (address.length <= LONGEST_ADDRESS) this.#sources.set(address, source);
    return source;
  }

  /** The answer that is kept for an address, if there is one that is true now: without any wait. */
  ready(address: string, now: Date): Rendered | undefined {
    const kept = this.#keptAt(this.#keyOf(address), now);
    if (!kept) return undefined;
    this.count('hit');
    return renderedAt(kept, now);
  }

  /** Whether an answer costs no more than to be sent: it is kept, or is being read for others already. */
  isAtHand(address: string, now: Date): boolean {
    const key = this.#keyOf(address);
    return this.#keptAt(key, now) !== undefined || (key !== null && this.#loading.has(key));
  }

  /** The answer to a visitor, true at the moment of the request. */
  async answer(source: SharedSource, ctx: Context): Promise<Rendered> {
    if (source.key === null || !this.#hears) {
      this.count('bypass');
      return render(await source.load(ctx), ctx.now);
    }
    const kept = this.#keptAt(source.key, ctx.now);
    this.count(kept ? 'hit' : 'miss');
    return renderedAt(kept ?? (await this.#read(source.key, source, ctx)), ctx.now);
  }

  /** What an address is kept under; null when it is not known, or when nothing may be kept. */
  #keyOf(address: string): string | null {
    return (this.#hears && this.#sources.get(address)?.key) || null;
  }

  /** What is kept and still true. */
  #keptAt(key: string | null, now: Date): Kept | undefined {
    const kept = key === null ? undefined : this.#kept.get(key);
    return kept && now.getTime() < kept.until ? kept : undefined;
  }

  /** Those who ask while it is read get what is read; whoever asks after a change has it read anew. */
  async #read(key: string, source: SharedSource, ctx: Context): Promise<Kept> {
    const kept = await (this.#loading.get(key) ?? this.#load(key, source, ctx));
    // Who joined a reading that began before a deadline may have asked after it.
    return ctx.now.getTime() < kept.until ? kept : this.#read(key, source, ctx);
  }

  #load(key: string, source: SharedSource, ctx: Context): Promise<Kept> {
    const meanwhile: Change[] = [];
    this.#meanwhile.add(meanwhile);
    const loading: Promise<Kept> = source
      .load(ctx)
      .then((data) => {
        const kept = { data, until: nextDeadline(data, ctx.now), rendered: render(data, ctx.now) };
        if (!meanwhile.some((change) => concerns(change, data))) this.#kept.set(key, kept);
        return kept;
      })
      .finally(() => {
        this.#meanwhile.delete(meanwhile);
        if (this.#loading.get(key) === loading) this.#loading.delete(key);
      });
    this.#loading.set(key, loading);
    return loading;
  }

  /** Forgets what a change has made untrue. What is being read may be from before it: nobody joins that any more. */
  changed(change: Change): void {
    this.#loading.clear();
    for (const meanwhile of this.#meanwhile) meanwhile.push(change);
    for (const [key, { data }] of this.#kept.entries()) {
      if (concerns(change, data)) this.#kept.delete(key);
    }
  }
}

/** Whether a change may have made untrue what was read. */
function concerns(change: Change, { dependsOn, campaigns }: SharedData): boolean {
  if (change.of === 'all') return true;
  if (campaigns.includes(change.id)) return true;
  if (change.of === 'page') return false;
  return dependsOn === 'any gift' || (change.of === 'campaign' && dependsOn === 'any campaign');
}

/** The answer as it is at a moment: made again when time has changed it. */
function renderedAt(kept: Kept, now: Date): Rendered {
  if (now.getTime() >= kept.rendered.until) kept.rendered = render(kept.data, now);
  return kept.rendered;
}

function render(data: SharedData, now: Date): Rendered {
  const { body, next, total } = data.present(now);
  const bytes = Buffer.from(JSON.stringify(body));
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 16)}"`;
  return { bytes, etag, next, total, until: nextSecond(data, now) };
}

/** When the earliest deadline to come has passed. */
function nextDeadline({ deadlines }: SharedData, now: Date): number {
  return Math.min(...millisecondsLeft(deadlines, now).map((left) => now.getTime() + left));
}

/** When the whole seconds that are left are fewer for any of the deadlines. */
function nextSecond({ deadlines }: SharedData, now: Date): number {
  const changes = millisecondsLeft(deadlines, now).map((left) => (left % 1000) + 1);
  return now.getTime() + Math.min(...changes);
}

function millisecondsLeft(deadlines: SharedData['deadlines'], now: Date): number[] {
  return deadlines
    .filter((deadline) => deadline !== null)
    .map((deadline) => new Date(deadline).getTime() - now.getTime())
    .filter((left) => left > 0);
}
