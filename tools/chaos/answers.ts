import type { Exchange } from './client.js';
import { none, within, type Finding } from './findings.js';

/** Milliseconds. */
const LONGEST_ANSWER = 5_000;

/** Whether the server kept its manners: 2xx, or 503 with Retry-After, and in time. */
export function judgeAnswers(
  exchanges: Exchange[],
  { brokenByUs = false }: { brokenByUs?: boolean } = {},
): Finding[] {
  const answered = exchanges.filter(({ status }) => status !== undefined);
  const strange = answered.filter((one) => !isGood(one) && !isRefusal(one));
  const broken = exchanges.filter(({ error }) => error !== undefined);
  const longest = Math.max(0, ...answered.map(({ ms }) => ms));
  return [
    {
      what: 'requests',
      measured: countBy(exchanges, outcomeOf),
      goal: '',
      met: exchanges.length > 0,
    },
    none('answers but 2xx and 503 with Retry-After', strange.length, countBy(strange, whereOf)),
    ...(brokenByUs ? [] : [none('broken connections', broken.length, countBy(broken, outcomeOf))]),
    within('longest answer', longest, LONGEST_ANSWER),
  ];
}

/** Whether it was done. */
export function isGood({ status = 0 }: Exchange): boolean {
  return status >= 200 && status < 300;
}

/** Whether it was refused for now, as it should be. */
export function isRefusal({ status, retryAfter = '' }: Exchange): boolean {
  return status === 503 && /^[1-9]\d*$/.test(retryAfter);
}

/** How often each outcome was had, such as `200 ×12, 503 ×3`. */
export function countBy(exchanges: Exchange[], nameOf: (exchange: Exchange) => string): string {
  const counts = new Map<string, number>();
  for (const name of exchanges.map(nameOf)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const told = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return told.map(([name, count]) => `${name} ×${count}`).join(', ');
}

/** How long such a share of them took at most, in milliseconds. */
export function percentile(exchanges: Exchange[], share: number): number {
  const times = exchanges.map(({ ms }) => ms).sort((a, b) => a - b);
  return times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
}

/** The status, or why there is none. */
export function outcomeOf({ status, error }: Exchange): string {
  return String(status ?? error);
}

function whereOf(exchange: Exchange): string {
  const { method, path } = exchange.ask;
  return `${outcomeOf(exchange)} ${method} ${path.replace(/\?.*/, '').replace(/\d+/, 'N')}`;
}
