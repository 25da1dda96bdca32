import { join } from 'node:path';
import { medianOf } from './rounds.mjs';
import { startOnDesk, startServer } from './server.mjs';

const TIMES = 3;

/** Seconds. */
const GOAL = { existing: 2, embedded: 4 };

/** Seconds from the start of the process to its first answer, which is a page of campaigns. */
export async function measureStarts(bench, databaseUrl) {
  console.error('starts');
  const folders = Array.from({ length: TIMES }, (_, time) => join(bench.folder, `desk-${time}`));
  // The first server migrates the copy; what is measured finds it as it should be.
  await firstAnswer(await startServer(bench, databaseUrl));
  return [
    await cost('start on an existing database', GOAL.existing, folders, () =>
      startServer(bench, databaseUrl),
    ),
    await cost('first start, making its database', GOAL.embedded, folders, (folder) =>
      startOnDesk(bench, folder),
    ),
    await cost('next start, with its database', GOAL.embedded, folders, (folder) =>
      startOnDesk(bench, folder),
    ),
  ];
}

async function cost(name, goal, folders, startIn) {
  const all = [];
  for (const folder of folders) all.push(await firstAnswer(await startIn(folder)));
  const figure = medianOf(all);
  return { name, unit: 's', figure, goal, met: figure < goal, all };
}

async function firstAnswer({ address, began, stop }) {
  const response = await fetch(`${address}/campaigns/?page_size=20`);
  await response.arrayBuffer();
  const seconds = (performance.now() - began) / 1000;
  if (!response.ok) throw new Error(`the first answer is ${response.status}`);
  await stop();
  return seconds;
}
