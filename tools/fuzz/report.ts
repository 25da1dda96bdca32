import type { Finding, FuzzReport } from './fuzz.js';

/** What was asked, by operation and status, and what is wrong: each finding with a line to repeat it. */
export function reportOf(
  { requests, findings, statuses }: FuzzReport,
  seed: number,
  logOf: (requestId: string) => string[],
): string {
  const counts = [...statuses]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([where, byStatus]) => {
      const told = [...byStatus]
        .sort(([a], [b]) => a - b)
        .map(([status, times]) => `${status}×${times}`);
      return `  ${where.padEnd(48)} ${told.join(' ') || 'never asked'}`;
    });
  const found = findings.map((finding, index) => describe(finding, index + 1, logOf));
  const sum = `${requests} requests with --seed ${seed}: ${findings.length || 'no'} findings.`;
  return [...counts, '', ...found, sum].join('\n');
}

function describe(finding: Finding, number: number, logOf: (id: string) => string[]): string {
  const { where, complaint, times, curl, answer, requestId } = finding;
  const log = requestId === undefined ? [] : logOf(requestId).map((line) => `   log: ${line}`);
  return [
    `${number}. ${where}: ${complaint} (${times}×)`,
    `   ${curl}`,
    `   ${answer}`,
    ...log,
    '',
  ].join('\n');
}
