// Builds dist/ where the sources have changed: the Prisma client, TypeScript, and the client with its
// runtime in one place. Where nothing can be built (a read-only folder, an installation without
// development packages) an existing build is used.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { hashSources, isBuilt, STAMP } from './sources.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

if (!isUpToDate()) {
  const obstacle = whatIsInTheWay();
  if (!obstacle) await build();
  else if (!existsSync(`${root}dist/process/server.js`)) {
    console.error(`Nothing is built yet, and ${obstacle}.`);
    process.exit(1);
  }
}

function isUpToDate() {
  try {
    return isBuilt();
  } catch {
    // An image may hold dist/ alone.
    return existsSync(STAMP);
  }
}

async function build() {
  console.error('Building…');
  const began = performance.now();
  const hash = hashSources();
  rmSync(STAMP, { force: true });
  run('prisma', ['generate']);
  run('tsc', ['-p', 'tsconfig.build.json']);
  await bundleClient();
  writeFileSync(STAMP, hash);
  console.error(`Built in ${((performance.now() - began) / 1000).toFixed(1)} s.`);
}

/**
 * Puts the parts of @prisma/client that the generated client needs beside it, so that production installs
 * neither that package (72 MB, for five databases) nor its optional peers, the command line and TypeScript.
 */
async function bundleClient() {
  const { build: bundle } = await import('esbuild');
  await bundle({
    absWorkingDir: root,
    entryPoints: ['src/generated/prisma/client.ts'],
    outdir: 'dist/generated/prisma',
    bundle: true,
    // The query compiler stays in a file of its own, which is loaded with the first query.
    splitting: true,
    chunkNames: '[name]',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // Parts of the runtime are CommonJS and require Node's own modules.
    banner: {
      js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`,
    },
    logLevel: 'warning',
  });
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
