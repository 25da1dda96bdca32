import { spawn } from 'node:child_process';

/** Who PostgreSQL's programs run as when we are root, which they refuse. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/** How every program of PostgreSQL is started: nothing of the caller's environment reaches it. */
export function spawnOptions(account: Account | undefined) {
  return {
    cwd: '/',
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' },
    ...(account && { uid: account.uid, gid: account.gid }),
  };
}

/** Runs a program to its end, two minutes at most: whether it exited with 0, and what it printed. */
export function run(
  account: Account | undefined,
  program: string,
  args: string[],
): Promise<{ ok: boolean; output: string }> {
  return new Promise<{ ok: boolean; output: string }>((resolve) => {
    const child = spawn(program, args, {
      ...spawnOptions(account),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 120_000,
      killSignal: 'SIGKILL',
    });
    let output = '';
    const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-20_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  }).catch((error: unknown) => ({ ok: false, output: String(error) }));
}

/** Whether a process has this id, ours or not. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The line of a program's output that says what went wrong, without the program's name and level. */
export function complaint(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const told = lines.find((line) => /\b(FATAL|PANIC|error):(?!.*starting up)/.test(line));
  return (told ?? lines.at(-1) ?? 'it gave no reason')
    .replace(/^.*\b(FATAL|PANIC|error):\s*/, '')
    .trim();
}
