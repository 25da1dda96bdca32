// Builds dist/: the Prisma client, then TypeScript. Quiet unless something is wrong. Where nothing can be
// built (a read-only folder, an installation without development packages) an existing build is used.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const built = existsSync(`${root}dist/server.js`);

const obstacle = whatIsInTheWay();
if (obstacle && !built) {
  console.error(`Nothing is built yet, and ${obstacle}.`);
  process.exit(1);
}
if (!obstacle) {
  run('prisma', ['generate']);
  run('tsc', ['-p', 'tsconfig.build.json']);
  // What has not changed is not written again: this tells when all of it was up to date.
  writeFileSync(`${root}dist/.built`, '');
}

function whatIsInTheWay() {
  if (!existsSync(`${root}node_modules/typescript`)) {
    return 'the development packages are missing: run npm ci without --omit=dev';
  }
  try {
    for (const folder of ['', 'src', 'dist']) {
      if (existsSync(root + folder)) accessSync(root + folder, constants.W_OK);
    }
    return undefined;
  } catch {
    return `the folder ${root} can't be written: copy it to one that can`;
  }
}

function run(program, args) {
  const { status, stdout, stderr } = spawnSync(`${root}node_modules/.bin/${program}`, args, {
    cwd: root,
    encoding: 'utf8',
  });
  if (status === 0) return;
  process.stderr.write(`${stdout}${stderr}`);
  process.exit(1);
}
