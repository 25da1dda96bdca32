import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

const DOCUMENT = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));

/** What the figures depend on, in one sentence. */
export function conditions(options) {
  const { campaigns, donations, rounds, seconds, connections, processes, against, grow, deletes } =
    options;
  const size = deletes
    ? `${count(donations)} donations of one campaign`
    : sizeOf({ campaigns, donations });
  const load = `${rounds} × ${seconds} s at ${connections} connections`;
  const machine = `Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model})`;
  const what = `${grow ? 'several sizes' : size}; processes: ${processes}`;
  const parts = [what, ...(against ? [`beside ${against}`] : []), load, machine];
  return `${new Date().toISOString().slice(0, 10)}: ${parts.join('; ')}.`;
}

/** The tables of a run beside floors. */
export function tables({ targets, costs }) {
  const alone = targets.every(({ floor }) => !floor);
  const rows = targets.map(({ name, server, floorName = '', floor, ratio, goal, met }) => {
    const own = [name, whole(server.perSecond), tenths(server.p50), tenths(server.p99)];
    if (alone) return own;
    return [
      ...own,
      floorName,
      floor ? whole(floor.perSecond) : '',
      floor ? ratio.toFixed(2) : '',
      floor ? verdict(met, `at least ${goal}`) : '',
    ];
  });
  const head = ['target', 'requests/s', 'p50 ms', 'p99 ms'];
  const first = table(alone ? head : [...head, 'floor', 'its requests/s', 'ratio', 'goal'], rows);
  if (costs.length === 0) return first;
  const more = costs.map(({ name, figure, unit, goal, met }) => [
    name,
    `${tenths(figure)} ${unit}`,
    verdict(met, `under ${goal} ${unit}`),
  ]);
  return `${first}\n\n${table(['cost', 'measured', 'goal'], more)}`;
}

/** The table of a server beside another one. */
export function againstTable({ targets }) {
  const figures = ({ perSecond, p50, p99 }) => [whole(perSecond), tenths(p50), tenths(p99)];
  const rows = targets.map(({ name, server, other, ratio }) => [
    ...[name, ...figures(server), ...figures(other), ratio.toFixed(2)],
  ]);
  const head = ['requests/s', 'p50 ms', 'p99 ms'];
  const others = head.map((name) => `the other's ${name}`);
  return table(['target', ...head, ...others, 'ratio'], rows);
}

/** The table of a growing platform: requests a second, and p50 and p99 in milliseconds. */
export function growthTable({ sizes, leftOut, targets }) {
  const head = sizes.map(({ campaigns, donations }) => `${count(campaigns)}, ${count(donations)}`);
  const rows = targets.map(({ name, by, sizes: figures, ratio, goal, met }) => [
    name,
    by,
    ...figures.map(
      ({ perSecond, p50, p99 }) => `${whole(perSecond)} (${tenths(p50)}, ${tenths(p99)})`,
    ),
    ratio.toFixed(2),
    verdict(met, `at most ${goal}`),
  ]);
  const text = table(['campaigns, donations', 'asked by', ...head, 'times as slow', 'goal'], rows);
  if (leftOut.length === 0) return text;
  return `${text}\n\nLeft out, for the time budget: ${leftOut.map(sizeOf).join('; ')}.`;
}

/** The tables of deletions while others give. */
export function deletesTable({ costs, giving }) {
  const rows = costs.map(({ name, figure, unit, goal, met }) => [
    name,
    `${figure.toFixed(2)} ${unit}`,
    verdict(met, `under ${goal} ${unit}`),
  ]);
  const { before, during, ratio, goal, met } = giving;
  const rates = `${whole(during)} a second, ${whole(before)} before: ${ratio.toFixed(2)}`;
  rows.push(['giving meanwhile', rates, verdict(met, `at least ${goal}`)]);
  return table(['deletion', 'measured', 'goal'], rows);
}

/** Whether no goal was missed. */
export function allMet({ targets, costs, giving }) {
  return [...targets, ...costs, ...(giving ? [giving] : [])].every(({ met }) => met !== false);
}

/** Puts text between the markers of this name in docs/benchmarks.md. @throws when they aren't there. */
export async function writeSection(name, text) {
  const document = await readFile(DOCUMENT, 'utf8');
  const between = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`);
  if (!between.test(document)) {
    throw new Error(`${DOCUMENT} has no <!-- ${name} --> with <!-- /${name} --> below it.`);
  }
  await writeFile(
    DOCUMENT,
    document.replace(between, (_, begin, end) => `${begin}\n${text}\n\n${end}`),
  );
}

/** A Markdown table as Prettier writes it: the first column to the left, figures to the right. */
function table(head, rows) {
  const width = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((row) => row[column].length)),
  );
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const pad = (row) =>
    line(row.map((cell, i) => (i === 0 ? cell.padEnd(width[i]) : cell.padStart(width[i]))));
  const rule = line(width.map((w, i) => (i === 0 ? '-'.repeat(w) : `${'-'.repeat(w - 1)}:`)));
  return [pad(head), rule, ...rows.map(pad)].join('\n');
}

function verdict(met, goal) {
  return `${goal}: ${met ? 'met' : 'missed'}`;
}

function sizeOf({ campaigns, donations }) {
  return `${count(campaigns)} campaigns, ${count(donations)} donations`;
}

function whole(figure) {
  return String(Math.round(figure));
}

function tenths(figure) {
  return figure.toFixed(1);
}

function count(number) {
  return number.toLocaleString('en');
}
