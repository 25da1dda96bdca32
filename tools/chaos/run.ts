// npm run chaos: see --help.
import { print, runTool } from '../../src/cli/command.js';
import { HELP, readArguments } from './arguments.js';
import type { Fault, Finding } from './findings.js';
import { isMissed, reportOf } from './report.js';
import { openWorld, type World } from './world.js';

let world: World | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void world?.close().finally(() => process.exit(1)));
}

/** Gives the exit code. */
async function main(): Promise<number> {
  const { help, quick, faults } = readArguments(process.argv.slice(2));
  if (help) {
    print(HELP);
    return 0;
  }
  world = await openWorld({ quick });
  const all: Finding[] = [];
  try {
    for (const fault of faults) {
      const findings = await happen(fault, world);
      print(reportOf(fault, findings));
      all.push(...findings);
    }
  } finally {
    await world.close();
  }
  const missed = all.filter(isMissed).length;
  const untested = all.filter(({ met }) => typeof met === 'object').length;
  print(`${all.length} findings, ${missed} missed, ${untested} untested.`);
  return missed === 0 ? 0 : 1;
}

/** A fault that can't be gone through is a finding too, and the others are still tried. */
async function happen(fault: Fault, where: World): Promise<Finding[]> {
  try {
    return await fault.run(where);
  } catch (error) {
    const { message } = error as Error;
    return [{ what: 'went through', measured: message, goal: 'all of it', met: false }];
  }
}

await runTool(main);
