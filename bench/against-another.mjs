import { readsOf } from './reads.mjs';
import { medians, takeTurns } from './rounds.mjs';

/** Measures the reads of the contract on a server that runs somewhere. */
export async function measureAnother({ fire, options }) {
  const address = options.against;
  const targets = [];
  for (const { group, name, requests } of await readsOf(address)) {
    if (options.only && !options.only.includes(group)) continue;
    console.error(name);
    const [rounds] = await takeTurns(fire, [{ address, requests }], options);
    targets.push({ name, server: medians(rounds), rounds: { server: rounds } });
  }
  return { targets, costs: [] };
}
