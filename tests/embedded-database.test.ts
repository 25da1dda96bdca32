import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedDatabase, type EmbeddedDatabase } from '../src/embedded-postgres/index.js';
import { StartError } from '../src/core/errors.js';
import { built } from './support/built.js';

const isRoot = process.getuid?.() === 0;
const started: EmbeddedDatabase[] = [];
const children: ChildProcess[] = [];
const folders: string[] = [];

let made: string;

beforeAll(async () => {
  made = await dataFolder();
  folders.pop();
});

afterAll(() => fs.rm(dirname(made), { recursive: true, force: true }));

afterEach(async () => {
  await Promise.all(started.splice(0).map((database) => database.stop()));
  for (const child of children.splice(0)) signalGroup(child, 'SIGKILL');
  for (const dataDir of [made, ...folders.map((folder) => join(folder, 'data'))]) {
    const pid = await postmasterOf(dataDir);
    if (isAlive(pid)) await killPostgres(pid);
  }
  for (const folder of folders.splice(0)) {
    await fs.chmod(folder, 0o755);
    await fs.rm(folder, { recursive: true, force: true });
  }
});

describe('the database', () => {
  it('is PostgreSQL 18, stores UTF-8 whatever the environment, in UTC, durably', async () => {
    const { url } = await start({ dataDir: await madeFolder(), durable: true });
    const [row] = await query(
      url,
      `SELECT current_setting('server_version_num')::int / 10000 AS major, char_length('é') AS length,
              lower('É') AS lower, current_database() AS name, current_setting('timezone') AS zone,
              current_setting('fsync') AS fsync, current_setting('full_page_writes') AS pages,
              current_setting('synchronous_commit') AS commits`,
    );
    expect(row).toEqual({
      major: 18,
      length: 1,
      lower: 'é',
      name: 'dreamjar',
      zone: 'UTC',
      fsync: 'on',
      pages: 'on',
      commits: 'on',
    });
  });

  it('gives safety for speed only when told', async () => {
    const { url } = await start({ dataDir: await madeFolder() });
    expect(await query(url, 'SHOW fsync')).toEqual([{ fsync: 'off' }]);
  });

  it('listens on loopback alone and lets nobody in without the password', async () => {
    const dataDir = await madeFolder();
    const { url } = await start({ dataDir });
    expect(await query(url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    expect(await query(url, 'SHOW unix_socket_directories')).toEqual([
      { unix_socket_directories: '' },
    ]);
    const outside = Object.values(networkInterfaces())
      .flat()
      .filter((face) => face !== undefined && !face.internal && face.family === 'IPv4');
    for (const face of outside) {
      await expect(query(changed(url, { hostname: face!.address }), 'SELECT 1')).rejects.toThrow(
        /ECONNREFUSED/,
      );
    }
    for (const password of ['', 'wrong', 'dreamjar']) {
      await expect(query(changed(url, { password }), 'SELECT 1')).rejects.toThrow(/password/i);
    }
    expect(new URL(url).password).toHaveLength(32);
    const { folder } = home(dataDir);
    expect((await fs.stat(folder)).mode & 0o777).toBe(0o700);
    expect((await fs.stat(join(folder, 'password'))).mode & 0o777).toBe(0o600);
    expect((await fs.stat(join(folder, 'postgres.log'))).mode & 0o777).toBe(0o600);
  });

  it('keeps what people write out of its log', async () => {
    const dataDir = await madeFolder();
    const { url } = await start({ dataDir });
    const secret = 'Mathilda-of-Private-Lane';
    await query(url, 'CREATE TABLE child (name text PRIMARY KEY CHECK (length(name) < 30))');
    await query(url, 'INSERT INTO child VALUES ($1)', [secret]);
    for (const [sql, values] of [
      ['INSERT INTO child VALUES ($1)', [secret]],
      ['INSERT INTO child VALUES ($1)', [`${secret}-and-a-long-tail`]],
      ['SELECT $1::text::int', [secret]],
      [`SELECT '${secret}'::int`, []],
      [`DO $$ BEGIN RAISE WARNING '${secret}'; END $$`, []],
      [`SELECT ${secret}`, []],
    ] as [string, string[]][]) {
      await query(url, sql, values).catch(() => undefined);
    }
    const log = await fs.readFile(join(home(dataDir).folder, 'postgres.log'), 'utf8');
    expect(log).toContain('ready to accept connections');
    expect(log).not.toMatch(/mathilda|private/i);
  });
});

describe('one folder', () => {
  it('keeps its data, its password and its port over a stop', async () => {
    const dataDir = await madeFolder();
    const first = await start({ dataDir, durable: true });
    await query(first.url, `CREATE TABLE kept AS SELECT 'still here' AS word`);
    await first.stop();
    await first.stop();
    await expect(query(first.url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
    expect(await postmasterOf(dataDir)).toBeUndefined();

    const second = await start({ dataDir, durable: true });
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'SELECT word FROM kept')).toEqual([{ word: 'still here' }]);
  });

  it('takes another port when another program has taken its own', async () => {
    const dataDir = await madeFolder();
    const first = await start({ dataDir });
    await first.stop();
    const intruder = createServer().listen(Number(new URL(first.url).port), '127.0.0.1');
    await once(intruder, 'listening');
    try {
      const second = await start({ dataDir });
      expect(second.url).not.toBe(first.url);
      expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      intruder.close();
    }
  });

  it('refuses a second owner in one sentence that names the folder', async () => {
    const dataDir = await madeFolder();
    const first = await start({ dataDir });
    const second = start({ dataDir });
    await expect(second).rejects.toThrow(StartError);
    await expect(second).rejects.toThrow(`The database in ${dataDir} is in use`);
    await expect(second).rejects.toThrow('set DATA_DIR to another folder');
    expect(await query(first.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('is shared with guests, who leave it running for the owner', async () => {
    const dataDir = await madeFolder();
    const owner = await start({ dataDir });
    const guest = await start({ dataDir, role: 'guest' });
    expect(guest.url).toBe(owner.url);
    await guest.stop();
    expect(await query(owner.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('is started by a guest alone, and stopped by the last one', async () => {
    const dataDir = await madeFolder();
    const [first, second] = await Promise.all([
      start({ dataDir, role: 'guest' }),
      start({ dataDir, role: 'guest' }),
    ]);
    expect(first.url).toBe(second.url);
    await first.stop();
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const owner = await start({ dataDir });
    await second.stop();
    expect(await query(owner.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await owner.stop();
    const alone = await start({ dataDir, role: 'guest' });
    await alone.stop();
    expect(await postmasterOf(dataDir)).toBeUndefined();
  });

  it('has one owner when two start for the first time at the same moment', async () => {
    const dataDir = await dataFolder();
    const both = await Promise.allSettled([start({ dataDir }), start({ dataDir })]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = both.find((one) => one.status === 'rejected')?.reason as Error;
    expect(refused).toBeInstanceOf(StartError);
    expect(refused.message).toContain('in use');
    expect(await fs.readdir(dataDir)).toEqual(['postgres']);
  });
});

describe('after an accident', () => {
  it('the next owner adopts the PostgreSQL of one that was killed', async () => {
    const dataDir = await madeFolder();
    const { child, url } = await program(dataDir);
    await query(url, `CREATE TABLE kept AS SELECT 'still here' AS word`);
    const pid = await postmasterOf(dataDir);
    await end(child, 'SIGKILL');
    expect(await postmasterOf(dataDir)).toBe(pid);

    const next = await start({ dataDir });
    expect(next.url).toBe(url);
    expect(await postmasterOf(dataDir)).toBe(pid);
    expect(await query(next.url, 'SELECT word FROM kept')).toEqual([{ word: 'still here' }]);
    await next.stop();
    expect(await postmasterOf(dataDir)).toBeUndefined();
    expect(isAlive(pid)).toBe(false);
  });

  it('starts again when both were killed, with all that was committed', async () => {
    const dataDir = await madeFolder();
    const { child, url } = await program(dataDir);
    await query(url, `CREATE TABLE kept AS SELECT 'still here' AS word`);
    await end(child, 'SIGKILL');
    await killPostgres(await postmasterOf(dataDir));
    expect(existsSync(join(dataDir, 'postgres/cluster/postmaster.pid'))).toBe(true);

    const next = await start({ dataDir });
    expect(await query(next.url, 'SELECT word FROM kept')).toEqual([{ word: 'still here' }]);
  });

  it('starts when the pid file names a process that is nothing of ours', async () => {
    const dataDir = await madeFolder();
    const first = await start({ dataDir });
    const { pidFile, folder } = home(dataDir);
    const left = await fs.readFile(pidFile, 'utf8');
    await first.stop();
    const { uid, gid } = await fs.stat(folder);
    const stranger = spawn('sleep', ['60'], isRoot ? { uid, gid } : {});
    children.push(stranger);
    await fs.writeFile(pidFile, left.replace(/^\d+/, String(stranger.pid)));
    await fs.chown(pidFile, uid, gid);

    const next = await start({ dataDir });
    expect(await query(next.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(isAlive(stranger.pid)).toBe(true);
  });

  it('a folder copied from a running one gets a PostgreSQL of its own', async () => {
    const original = await madeFolder();
    const owner = await start({ dataDir: original });
    const copy = await dataFolder();
    expect(spawnSync('cp', ['-Rp', original, copy]).status).toBe(0);
    const other = await start({ dataDir: copy });
    expect(other.url).not.toBe(owner.url);
    expect(new URL(other.url).password).toBe(new URL(owner.url).password);
    await other.stop();
    expect(await query(owner.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('comes back under the same address when PostgreSQL is killed, still with one owner', async () => {
    const dataDir = await madeFolder();
    const owner = await start({ dataDir });
    const pid = await postmasterOf(dataDir);
    await killPostgres(pid);
    await expect.poll(() => answers(owner.url)).toBe(true);
    expect(await postmasterOf(dataDir)).not.toBe(pid);
    await expect(start({ dataDir })).rejects.toThrow('in use');
  });

  it('takes its lock again when its connection is cut', async () => {
    const dataDir = await madeFolder();
    const owner = await start({ dataDir });
    await query(
      owner.url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dreamjar-embedded'`,
    );
    await sleep(200);
    await expect(start({ dataDir })).rejects.toThrow('in use');
  });

  it.each([0, 100, 510, 540])(
    'stays stopped when stopped %i ms after PostgreSQL was killed',
    async (moment) => {
      const dataDir = await madeFolder();
      const owner = await start({ dataDir });
      await killPostgres(await postmasterOf(dataDir));
      await sleep(moment);
      await owner.stop();
      await sleep(300);
      expect(isAlive(await postmasterOf(dataDir))).toBe(false);
    },
  );

  it('throws away a cluster that was cut short, and begins anew', async () => {
    const dataDir = await dataFolder();
    const { child } = program.begin(dataDir);
    const making = async () => (await fs.readdir(dataDir).catch(() => [])).join();
    await expect.poll(making, { interval: 5 }).toContain('making');
    await sleep(100);
    await end(child, 'SIGKILL');
    expect(await making()).toMatch(/^postgres\.making-/);

    const { url } = await start({ dataDir });
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await making()).toBe('postgres');
  });
});

describe('one clear sentence', () => {
  it('when a file stands in the way', async () => {
    const dataDir = await dataFolder();
    await fs.writeFile(dataDir, 'a file');
    for (const path of [dataDir, join(dataDir, 'below')]) {
      await expect(refusal(path)).resolves.toMatch(/a file stands in its way.*DATA_DIR/);
    }
  });

  it('when the folder is read-only', async () => {
    const dataDir = await dataFolder();
    await fs.mkdir(dataDir, { mode: 0o555 });
    // Root may write everywhere but in the kernel's own folders.
    const path = isRoot ? '/proc/dreamjar' : dataDir;
    await expect(refusal(path)).resolves.toMatch(/^The .*DATA_DIR to another folder/);
  });

  it('when the path is too long', async () => {
    const dataDir = join(await dataFolder(), ...Array<string>(10).fill('a'.repeat(200)));
    await expect(refusal(dataDir)).resolves.toMatch(/too long.*DATA_DIR/);
    expect(existsSync(dirname(dataDir))).toBe(false);
  });

  it('when the folder holds something else', async () => {
    const dataDir = await dataFolder();
    await fs.mkdir(join(dataDir, 'postgres/holiday'), { recursive: true });
    await expect(refusal(dataDir)).resolves.toMatch(/holds no database and isn't empty/);
    expect(await fs.readdir(dataDir)).toEqual(['postgres']);
  });

  it('when another PostgreSQL made the cluster', async () => {
    const dataDir = await madeFolder();
    await withContents(join(dataDir, 'postgres/cluster/PG_VERSION'), '17\n', async () => {
      await expect(refusal(dataDir)).resolves.toMatch(/made by PostgreSQL 17 and this is 18/);
    });
  });

  it('when the password was changed by hand', async () => {
    const dataDir = await madeFolder();
    await start({ dataDir });
    await withContents(join(dataDir, 'postgres/password'), 'wrong', async () => {
      await expect(refusal(dataDir)).resolves.toMatch(/^The password in .* isn't the database's/);
    });
  });

  it('when PostgreSQL itself refuses', async () => {
    const dataDir = await madeFolder();
    const file = join(dataDir, 'postgres/cluster/postgresql.conf');
    await withContents(file, 'nonsense = 1\n', async () => {
      await expect(refusal(dataDir)).resolves.toMatch(/doesn't start in .*postgres\.log/);
    });
  });

  it.each([
    ['on a system it does not run on', 'abacus', /not on \w+-abacus: set DATABASE_URL/],
    ['when its package is not installed', 'arm', /linux-arm,.*DATABASE_URL.*--include=optional/],
  ])('%s', async (_when, value, sentence) => {
    const dataDir = await dataFolder();
    const arch = Object.getOwnPropertyDescriptor(process, 'arch')!;
    const platform = Object.getOwnPropertyDescriptor(process, 'platform')!;
    Object.defineProperty(process, 'arch', { ...arch, value });
    Object.defineProperty(process, 'platform', { ...platform, value: 'linux' });
    try {
      await expect(refusal(dataDir)).resolves.toMatch(sentence);
    } finally {
      Object.defineProperty(process, 'arch', arch);
      Object.defineProperty(process, 'platform', platform);
    }
  });
});

describe('a folder that only its user may enter', () => {
  it('holds the database, or says where it went when PostgreSQL can not follow', async () => {
    const dataDir = await dataFolder();
    await fs.chmod(dirname(dataDir), 0o700);
    const database = await start({ dataDir });
    const { folder } = database;
    try {
      await query(database.url, `CREATE TABLE kept AS SELECT 'still here' AS word`);
      expect(await query(database.url, 'SHOW data_directory')).toEqual([
        { data_directory: join(folder, 'cluster') },
      ]);
      expect(database.notes.join(' ').includes(folder)).toBe(isRoot);
      if (isRoot) expect(folder).toMatch(/^\/var\/lib\/dreamjar\/[0-9a-f]{12}$/);
      else expect(folder).toBe(join(dataDir, 'postgres'));
      expect((await fs.stat(dirname(dataDir))).mode & 0o777).toBe(0o700);
      await database.stop();

      // Nor does it seem lost when the folder opens up.
      await fs.chmod(dirname(dataDir), 0o755);
      const { url, stop } = await start({ dataDir });
      expect(await query(url, 'SELECT word FROM kept')).toEqual([{ word: 'still here' }]);
      await stop();
    } finally {
      await database.stop();
      if (isRoot) await fs.rm(folder, { recursive: true, force: true });
      await fs.rmdir('/var/lib/dreamjar').catch(() => undefined);
    }
  });
});

describe('npm run database', () => {
  it('prints the address, runs until told to stop, and exits with 0', async () => {
    const dataDir = await madeFolder();
    const { child, url, stdout } = await program(dataDir);
    expect(stdout()).toBe(`DATABASE_URL=${url}\n`);
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);

    const second = program.begin(dataDir);
    expect(await once(second.child, 'close')).toEqual([1, null]);
    expect(second.stdout()).toBe('');
    expect(second.stderr()).toBe(
      `The database in ${dataDir} is in use by another DreamJar: stop that one, or set DATA_DIR to another folder.\n`,
    );
    expect(await end(child, 'SIGTERM')).toEqual([0, null]);
    expect(await postmasterOf(dataDir)).toBeUndefined();
  });

  it('leaves PostgreSQL out of a Ctrl-C in the terminal', async () => {
    const dataDir = await madeFolder();
    const { child } = await program(dataDir);
    const pid = await postmasterOf(dataDir);
    child.kill('SIGSTOP');
    signalGroup(child, 'SIGINT');
    await sleep(300);
    expect(isAlive(pid)).toBe(true);
    signalGroup(child, 'SIGCONT');
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(isAlive(pid)).toBe(false);
  });
});

/** Not durable unless asked, for speed; stopped after the test. */
async function start(options: Parameters<typeof startEmbeddedDatabase>[0]) {
  const database = await startEmbeddedDatabase({ durable: false, ...options });
  started.push(database);
  return database;
}

async function refusal(dataDir: string): Promise<string> {
  const error: unknown = await start({ dataDir }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StartError);
  const { message } = error as StartError;
  expect(message).not.toContain('\n');
  return message;
}

async function withContents(file: string, other: string, during: () => Promise<void>) {
  const before = await fs.readFile(file);
  await fs.writeFile(file, other);
  await during().finally(() => fs.writeFile(file, before));
}

/** A data folder still to be made, in one that the account of PostgreSQL may pass. */
async function dataFolder(): Promise<string> {
  const folder = await fs.mkdtemp(join(tmpdir(), 'dreamjar-embedded-'));
  await fs.chmod(folder, 0o755);
  folders.push(folder);
  return join(folder, 'data');
}

/** For a test that needs no first start: these take a second, so one cluster serves them all. */
async function madeFolder(): Promise<string> {
  const database = await startEmbeddedDatabase({ dataDir: made, durable: false });
  await query(database.url, 'DROP TABLE IF EXISTS kept, child');
  await database.stop();
  return made;
}

function home(dataDir: string) {
  const folder = join(dataDir, 'postgres');
  return { folder, pidFile: join(folder, 'cluster/postmaster.pid') };
}

async function query(url: string, sql: string, values: unknown[] = []) {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

function answers(url: string): Promise<boolean> {
  return query(url, 'SELECT 1').then(
    () => true,
    () => false,
  );
}

function changed(url: string, parts: Partial<URL>): string {
  return Object.assign(new URL(url), parts).href;
}

async function program(dataDir: string) {
  const running = program.begin(dataDir);
  const line = () => /^DATABASE_URL=(\S+)$/m.exec(running.stdout())?.[1];
  await expect.poll(line).toBeDefined();
  return { ...running, url: line()! };
}

/** `npm run database` as the leader of a process group, as a shell would start it. */
program.begin = (dataDir: string) => {
  const child = spawn(process.execPath, [built('cli/database')], {
    env: { ...process.env, DATA_DIR: dataDir },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return { child, stdout: () => stdout, stderr: () => stderr };
};

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<unknown[]> {
  const closed = once(child, 'close');
  signalGroup(child, signal);
  return closed;
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, signal);
  } catch {
    child.kill(signal);
  }
}

async function postmasterOf(dataDir: string): Promise<number | undefined> {
  const text = await fs.readFile(home(dataDir).pidFile, 'utf8').catch(() => '');
  return Number.parseInt(text, 10) || undefined;
}

async function killPostgres(pid: number | undefined): Promise<void> {
  if (isAlive(pid)) process.kill(pid!, 'SIGKILL');
  await expect.poll(() => isAlive(pid)).toBe(false);
}

/** Whether it runs; one that has ended and waits for its parent to notice doesn't. */
function isAlive(pid: number | undefined): boolean {
  const state =
    process.platform === 'linux'
      ? /\) (\S)/.exec(contents(`/proc/${pid}/stat`))?.[1]
      : spawnSync('ps', ['-o', 'stat=', '-p', String(pid)])
          .stdout.toString()
          .trim();
  return Boolean(state) && !state!.startsWith('Z');
}

function contents(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
