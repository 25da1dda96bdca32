import { print, runTool } from '../../src/cli/command.js';
import { HELP, readArguments } from './arguments.js';
import { fuzz } from './fuzz.js';
import { reportOf } from './report.js';
import { startOwnServer } from './server.js';

/** Gives the exit code. */
async function main(): Promise<number> {
  const { help, requests, seed, baseUrl } = readArguments(process.argv.slice(2));
  if (help) {
    print(HELP);
    return 0;
  }
  print(`--seed ${seed}`);
  const own = baseUrl === undefined ? await startOwnServer() : undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void own?.stop().finally(() => process.exit(1)));
  }
  const address = own?.address ?? baseUrl ?? '';
  try {
    const report = await fuzz({ address, requests, seed, webhookSecret: own?.webhookSecret });
    print(reportOf(report, seed, (id) => own?.logOf(id) ?? []));
    return report.findings.length === 0 ? 0 : 1;
  } finally {
    await own?.stop();
  }
}

await runTool(main);
