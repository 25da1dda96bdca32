/** How many letters two names may differ in and be taken for the same: one in four, and two at most. */
const differing = (name: string) => Math.min(2, Math.floor(name.length / 4));

/** The known name that one is probably a slip of; undefined for a known name and for one that is like none. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (known.includes(name)) return undefined;
  const plain = name.toUpperCase().replace(/[-.]/g, '_');
  return known.find((one) => distance(plain, one) <= differing(one));
}

/** Levenshtein's: how many letters must be added, removed or replaced. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [at, letter] of Array.from(from).entries()) {
    const next = [at + 1];
    for (const [column, other] of Array.from(to).entries()) {
      const replaced = row[column]! + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, row[column + 1]! + 1, next[column]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
