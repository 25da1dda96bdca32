import { readsOf } from './reads.mjs';
import { medians, ratioOf, takeTurns } from './rounds.mjs';
import { startServer } from './server.mjs';

/** Measures the reads of the contract on our server and on one that runs somewhere, in turn. */
export async function measureAgainstAnother(bench) {
  const { fire, options, postgres } = bench;
  const server = await startServer(bench, await postgres.copy(options));
  const theirs = await readsOf(options.against);
  const targets = [];
  for (const [index, { group, name, requests }] of (await readsOf(server.address)).entries()) {
    if (options.only && !options.only.includes(group)) continue;
    console.error(name);
    const sides = [
      { address: server.address, requests },
      { address: options.against, requests: theirs[index].requests },
    ];
    const [own, other] = await takeTurns(fire, sides, options);
    server.emptyLog();
    const figures = { server: medians(own), other: medians(other), ratio: ratioOf(own, other) };
    targets.push({ name, ...figures, rounds: { server: own, other } });
  }
  return { targets, costs: [] };
}
