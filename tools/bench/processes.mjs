import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** Milliseconds. */
const PATIENCE = 60_000;
const LOOK_EVERY = 5;

/** Milliseconds until a process that was asked to end is made to. */
const LONGEST_END = 12_000;

const ADDRESS = /(http:\/\/127\.0\.0\.1:\d+)\D/;

let started = 0;

/**
 * Starts a program that writes where it listens, its output going to a file in `folder`. It works in that
 * folder, where no `.env` adds to its settings.
 */
export async function start({ folder, onEnd }, args, env = {}) {
  started += 1;
  const file = join(folder, `${started}.log`);
  const output = openSync(file, 'a');
  const began = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const stop = () => end(child);
  onEnd(stop);
  const address = await addressOf(child, file, began);
  return { address, pid: child.pid, began, stop, emptyLog: () => truncateSync(file) };
}

async function addressOf(child, file, began) {
  while (performance.now() - began < PATIENCE && child.exitCode === null && !child.signalCode) {
    const address = ADDRESS.exec(readFileSync(file, 'utf8'))?.[1];
    if (address) return address;
    await wait(LOOK_EVERY);
  }
  throw new Error(`${child.spawnargs.join(' ')} doesn't listen:\n${readFileSync(file, 'utf8')}`);
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode) return;
  const ended = once(child, 'exit');
  child.kill();
  const late = setTimeout(() => child.kill('SIGKILL'), LONGEST_END);
  await ended;
  clearTimeout(late);
}

/** The most memory that a process and each of its children ever held, in MB; nothing where /proc isn't. */
export function peakMemory(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kilobytes = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]);
    return [kilobytes / 1024, ...childrenOf(pid).flatMap(peakMemory)];
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}

function childrenOf(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
}
