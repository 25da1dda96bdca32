import { OPENING, playChapter } from './chapter.js';
import { createChecker, type Check, type Exchange } from './checker.js';
import { curlLine } from './curl.js';
import { readDocument, type ApiDocument } from './document.js';
import type { Draft } from './requests.js';
import { openWire, type Wire } from './wire.js';
import type { World } from './world.js';

export interface FuzzOptions {
  /** Of a running server, such as `http://127.0.0.1:3000`. */
  address: string;
  requests: number;
  seed: number;
  /** Sequences that run side by side. */
  lanes?: number;
  /** Milliseconds that an answer may take. */
  slowest?: number;
  /** Of a server that has everything set up: Stripe's, to sign events with. */
  webhookSecret?: string | undefined;
}

/** Something wrong with answers: once, however often it was met. */
export interface Finding {
  /** Such as `POST /parents/`. */
  where: string;
  complaint: string;
  times: number;
  /** The first request that met it, for bash, and what came back. */
  curl: string;
  answer: string;
  requestId: string | undefined;
}

export interface FuzzReport {
  requests: number;
  findings: Finding[];
  /** By operation, or by what was asked where there is none: how many answers had which status. */
  statuses: Map<string, Map<number, number>>;
}

const UNKNOWN = '(no operation of the document)';

/** Asks a server so many requests and tells all that is wrong with its answers. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { address, requests, seed, lanes = 8, slowest = 2_000, webhookSecret } = options;
  const document = await readDocument(address);
  const wire = openWire(address);
  const allSetUp = webhookSecret !== undefined;
  const notes = new Notes(address, createChecker(document, { slowest, allSetUp }));
  // Names that no earlier run on the same server has used.
  const mark = Date.now().toString(36);
  const play = async (number: number, told: Notes, budget: { left: number }) => {
    const perform = (drafts: Draft[], world: World) => {
      budget.left -= drafts.length;
      return Promise.all(drafts.map((draft) => exchange(draft, wire, told, world)));
    };
    const left = () => budget.left;
    await playChapter({ seed, number, mark, webhookSecret }, document, perform, left);
  };
  const playLane = async (lane: number) => {
    const budget = { left: Math.ceil((requests - lane) / lanes) };
    for (let number = lane; budget.left > 0; number += lanes) await play(number, notes, budget);
  };
  try {
    // Unseen: a server that has just started is slow at first.
    await play(-1, new Notes(address, () => []), { left: 1 });
    await Promise.all(Array.from({ length: lanes }, (_, lane) => playLane(lane)));
  } finally {
    wire.close();
  }
  notes.close(document);
  return notes.report;
}

/** Gives the status, 0 without an answer. */
async function exchange(draft: Draft, wire: Wire, notes: Notes, world: World): Promise<number> {
  // A copy: another of the same burst may still be on its way.
  const { operation, person, method, target, headers, body, bare = false } = draft;
  const request = { method, target, headers: { ...headers }, body, bare };
  try {
    const answer = await wire.send(request);
    const all: Exchange = { request, operation, answer };
    notes.note(all);
    world.learn(all, person);
    return answer.status;
  } catch (error) {
    notes.noteSilence({ request, operation }, error as Error);
    return 0;
  }
}

/** Keeps count of the answers, and of what is wrong with them. */
class Notes {
  readonly report: FuzzReport = { requests: 0, findings: [], statuses: new Map() };
  private readonly known = new Map<string, Finding>();

  constructor(
    private readonly address: string,
    private readonly check: Check,
  ) {}

  note(all: Exchange): void {
    const { status, headers, body } = all.answer;
    this.count(all.operation?.name ?? UNKNOWN, status);
    for (const complaint of this.check(all)) {
      const text = `${status} ${body.subarray(0, 300).toString()}`;
      this.add(all, complaint, text, headers['x-request-id']);
    }
  }

  noteSilence(asked: Omit<Exchange, 'answer'>, { message }: Error): void {
    this.count(asked.operation?.name ?? UNKNOWN, 0);
    this.add(asked, `no answer: ${message}`, '', undefined);
  }

  /** What was never asked is told, and what all else stands on must have succeeded. */
  close({ operations }: ApiDocument): void {
    for (const { name } of operations) {
      const statuses = this.report.statuses.get(name) ?? new Map<number, number>();
      this.report.statuses.set(name, statuses);
      const succeeded = [...statuses.keys()].some((status) => status >= 200 && status < 300);
      if (succeeded || !OPENING.includes(name)) continue;
      const nothing = { curl: '', answer: '', requestId: undefined };
      const complaint = 'never succeeded: is RATE_LIMIT off?';
      this.report.findings.push({ where: name, complaint, times: 1, ...nothing });
    }
  }

  private count(where: string, status: number): void {
    const counts = this.report.statuses.get(where) ?? new Map<number, number>();
    this.report.statuses.set(where, counts);
    this.report.requests += 1;
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }

  private add(
    { request, operation }: Omit<Exchange, 'answer'>,
    complaint: string,
    answer: string,
    requestId: string | undefined,
  ): void {
    const where = operation?.name ?? `${JSON.stringify(request.method)} ${UNKNOWN}`;
    const known = this.known.get(`${where} ${complaint}`);
    if (known) {
      known.times += 1;
      return;
    }
    const curl = curlLine(this.address, request);
    const shown = printable(answer);
    const finding = { where, complaint, times: 1, curl, answer: shown, requestId };
    this.known.set(`${where} ${complaint}`, finding);
    this.report.findings.push(finding);
  }
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7E]/g, (one) => JSON.stringify(one).slice(1, -1));
}
