import { afterAll, beforeAll, expect, test } from 'vitest';
import { databaseFrozen } from '../chaos/faults/database-frozen.js';
import { databaseStopped } from '../chaos/faults/database-stopped.js';
import { kill } from '../chaos/faults/kill.js';
import { terminate } from '../chaos/faults/terminate.js';
import { openWorld, type World } from '../chaos/world.js';

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
    // How long things take is for the command to judge, on a machine that is at rest.
    const missed = findings.filter(({ met, timed }) => met === false && timed !== true);
    expect(missed).toEqual([]);
  },
);
