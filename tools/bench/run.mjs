// npm run bench: see --help. Progress goes to the standard error, tables to the standard output.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { measureAgainstFloors } from './against-floors.mjs';
import { measureAgainstAnother } from './against-another.mjs';
import { measureDeletes } from './deletes.mjs';
import { measureGrowth } from './growth.mjs';
import { HELP, readOptions } from './options.mjs';
import { openPostgres } from './postgres.mjs';
import {
  againstTable,
  allMet,
  conditions,
  deletesTable,
  growthTable,
  tables,
  writeSection,
} from './report.mjs';
import { startLoad } from './rounds.mjs';
import { makeSecret } from './server.mjs';

/** What was started or made, to be ended in the reverse order. */
const endings = [];
const onEnd = (end) => endings.push(end);
let interrupted = false;

for (const signal of ['SIGINT', 'SIGTERM']) {
  // Ctrl-C reaches us twice under npm: from the terminal, and passed on.
  process.on(signal, async () => {
    if (interrupted) return;
    interrupted = true;
    await endAll();
    process.exit(1);
  });
}

const options = chosenOptions();
try {
  if (options.help) console.log(HELP);
  else await main();
} catch (error) {
  // What was foreseen is a plain Error with a sentence.
  if (!interrupted) console.error(error.constructor === Error ? error.message : error.stack);
  process.exitCode = 1;
} finally {
  if (!interrupted) await endAll();
}

function chosenOptions() {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}

async function main() {
  const bench = { options, onEnd, fire: startLoad(onEnd), folder: await makeFolder() };
  const result = await measure(bench);
  await report(result, `${conditions(options)}\n\n${tableOf(result)}`);
  if (!allMet(result) && !options.quick) process.exitCode = 1;
}

async function measure(bench) {
  const here = { ...bench, postgres: await openPostgres(bench), jwtSecret: makeSecret() };
  if (options.against) return measureAgainstAnother(here);
  if (options.deletes) return measureDeletes(here);
  return options.grow ? measureGrowth(here) : measureAgainstFloors(here);
}

function tableOf(result) {
  if (options.against) return againstTable(result);
  if (options.deletes) return deletesTable(result);
  return options.grow ? growthTable(result) : tables(result);
}

function sectionOf({ grow, deletes }) {
  if (deletes) return 'deletes';
  return grow ? 'growth' : 'floors';
}

async function report(result, text) {
  const { json } = options;
  const all = JSON.stringify({ conditions: conditions(options), options, ...result }, null, 2);
  if (json && json !== '-') await writeFile(resolve(json), `${all}\n`);
  if (json === '-') console.log(all);
  const print = json === '-' ? console.error : console.log;
  print(text);
  if (options.markdown) await writeSection(`bench: ${sectionOf(options)}`, text);
}

/** Open to all, for as root PostgreSQL runs as another account. */
async function makeFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'dreamjar-bench-'));
  await chmod(folder, 0o755);
  onEnd(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function endAll() {
  for (const end of endings.splice(0).reverse()) {
    try {
      await end();
    } catch (error) {
      console.error(error.message);
    }
  }
}
