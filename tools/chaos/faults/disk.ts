import { execFile } from 'node:child_process';
import { chmod, mkdtemp, open, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { untested, type Fault, type Finding } from '../findings.js';
import { judgeLife, judgeReadiness } from '../readiness.js';
import { openWorld, type World } from '../world.js';
import { underLoad, type Scene } from './under-load.js';

const run = promisify(execFile);

const DISK = 'size=256m,mode=0755';
const BLOCK = Buffer.alloc(1024 * 1024);

export const diskFull: Fault = {
  name: 'disk-full',
  title: 'The disk of the database is full under load, and has room again',
  run: (world) =>
    onOwnDisk(world, (own, disk) =>
      underLoad(own, async (scene) => {
        await sleep(1_000);
        const filler = join(disk, 'filler');
        await fill(filler);
        await sleep(world.quick ? 700 : 5_000);
        return afterwards(own, scene, () => rm(filler));
      }),
    ),
};

export const diskReadOnly: Fault = {
  name: 'disk-read-only',
  title: 'The disk of the database turns read-only under load, and back',
  run: (world) =>
    onOwnDisk(world, async (own, disk) => {
      const remount = (how: string) => run('mount', ['-o', `remount,${how}`, disk]);
      let refused: string | undefined;
      const findings = await underLoad(own, async (scene) => {
        await sleep(1_000);
        refused = await remount('ro').then(() => undefined, reasonOf);
        if (refused !== undefined) return [];
        await sleep(world.quick ? 700 : 5_000);
        return afterwards(own, scene, () => remount('rw'));
      });
      return refused === undefined ? findings : [untested('a read-only mount', refused)];
    }),
};

/** PostgreSQL may have given up: it is for whoever mends the disk to start it again. */
async function afterwards(
  { postgres }: World,
  { client }: Scene,
  mend: () => Promise<unknown>,
): Promise<Finding[]> {
  const life = await judgeLife(client);
  await mend();
  await postgres.start();
  const ready = await judgeReadiness(client);
  await sleep(1_000);
  return [life, ready];
}

/** A world whose database has a small disk to itself. */
async function onOwnDisk(
  { quick }: World,
  happening: (own: World, disk: string) => Promise<Finding[]>,
): Promise<Finding[]> {
  const disk = await mkdtemp(join(tmpdir(), 'dreamjar-disk-'));
  await chmod(disk, 0o755);
  try {
    const refused = await run('mount', ['-t', 'tmpfs', '-o', DISK, 'none', disk]).then(
      () => undefined,
      reasonOf,
    );
    if (refused !== undefined) return [untested('a disk of its own', refused)];
    const own = await openWorld({ quick, disk });
    return await happening(own, disk).finally(() => own.close());
  } finally {
    await run('umount', [disk]).catch(() => undefined);
    await rmdir(disk);
  }
}

async function fill(path: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (;;) await file.write(BLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    await file.close();
  }
}

function reasonOf(error: unknown): string {
  const { stderr = '', message } = error as { stderr?: string; message: string };
  return (stderr || message).trim().split('\n')[0]!;
}
