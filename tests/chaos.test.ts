import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { databaseFrozen } from '../tools/chaos/faults/database-frozen.js';
import { databaseStopped } from '../tools/chaos/faults/database-stopped.js';
import { kill } from '../tools/chaos/faults/kill.js';
import { terminate } from '../tools/chaos/faults/terminate.js';
import { happen, startLimited } from '../tools/chaos/floods/flood.js';
import { FLOODS } from '../tools/chaos/floods/index.js';
import type { Finding } from '../tools/chaos/findings.js';
import type { Server } from '../tools/chaos/server.js';
import { openWorld, type World } from '../tools/chaos/world.js';

let world: World;
beforeAll(async () => {
  world = await openWorld({ quick: true });
});
afterAll(() => world.close());

/** In short, the faults of the server; in full, those of its database too. */
const FAULTS =
  process.env['FAULTS'] === 'all'
    ? [kill, terminate, databaseStopped, databaseFrozen]
    : [kill, terminate];

test.each(FAULTS)(
  '$title: nothing is lost or doubled, and nobody is told anything but to try again',
  async (fault) => {
    const findings = await fault.run(world);
    expect(findings.length).toBeGreaterThan(5);
    expect(missedBy(findings)).toEqual([]);
  },
);

describe('a flood by one client or account', () => {
  const SHARE_OF_LIMITS = 1 / 20;
  let server: Server;
  beforeAll(async () => {
    const imported = ['wide-figures', 'small-limits'].map(
      (name) => `--import ${new URL(`support/${name}.mjs`, import.meta.url).href}`,
    );
    const settings = { NODE_OPTIONS: imported.join(' '), SHARE_OF_LIMITS: String(SHARE_OF_LIMITS) };
    server = await startLimited(world, settings);
  });

  test.each(FLOODS)('$title: it is bounded, and others are served', async (flood) => {
    const findings = await happen(flood, world, server, SHARE_OF_LIMITS);
    expect(findings.length).toBeGreaterThan(5);
    expect(missedBy(findings)).toEqual([]);
  });
});

/** What does not hold. How long things take is for the command to judge, on a machine that is at rest. */
function missedBy(findings: Finding[]): Finding[] {
  return findings.filter(({ met, timed }) => met === false && timed !== true);
}
