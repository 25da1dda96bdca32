import type { Fault, Finding } from './findings.js';

/** What one fault brought to light, a line for each finding. */
export function reportOf({ name, title }: Fault, findings: Finding[]): string {
  const rows = findings.map((finding) => [finding.what, finding.measured, verdictOf(finding)]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map(([what = '', measured = '', verdict = '']) =>
    `  ${what.padEnd(widths[0]!)}  ${measured.padEnd(widths[1]!)}  ${verdict}`.trimEnd(),
  );
  return [`${name}: ${title}`, ...lines, ''].join('\n');
}

/** Whether something was missed; what was not tested was not. */
export function isMissed({ met }: Finding): boolean {
  return met === false;
}

function verdictOf({ goal, met }: Finding): string {
  if (typeof met === 'object') return `untested: ${met.untested}`;
  if (!met) return `${goal || 'some'}: MISSED`;
  return goal === '' ? '' : `${goal}: met`;
}
