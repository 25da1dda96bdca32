import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import supertest from 'supertest';
import { afterAll, beforeAll, expect } from 'vitest';
import type { Api } from './api.js';
import { builtAndWide } from './built.js';
import { createTestDatabase, type TestDatabase } from './database.js';

/** The server as a process. */
export interface ServerProcess {
  process: ChildProcess;
  out: () => string;
  err: () => string;
  /** The exit code, once it is over and nobody holds its output. */
  ended: Promise<number | null>;
}

/** Servers as real processes on one database, ended after the tests of a file. */
export interface ServerProcesses {
  database: TestDatabase;
  /** A data folder, of nobody else's. */
  folder: string;
  run(env?: Record<string, string>, cwd?: string): ServerProcess;
  /** How many connections of the server's to the database meet a condition. */
  connectionsWhere(condition: string): Promise<number>;
  /** Waits until so many statements of the server wait for a lock. */
  untilWaiting(count: number): Promise<void>;
  /** Holds a campaign's row, so that gifts to it wait until the returned function is called. */
  holdCampaign(campaign: { id: number }): Promise<() => Promise<void>>;
}

export function useServerProcesses(): ServerProcesses {
  const running = new Set<ChildProcess>();
  const servers = {
    run(env = {}, cwd = process.cwd()) {
      const { PATH = '', HOME = '' } = process.env;
      const { database, folder } = servers;
      const settings = { PATH, HOME, PORT: '0', DATABASE_URL: database.url, DATA_DIR: folder };
      const child = spawn(process.execPath, builtAndWide('process/server'), {
        cwd,
        env: { ...settings, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      running.add(child);
      let out = '';
      let err = '';
      child.stdout.on('data', (text) => (out += String(text)));
      child.stderr.on('data', (text) => (err += String(text)));
      const ended = once(child, 'close').then(([code]) => {
        running.delete(child);
        return code as number | null;
      });
      return { process: child, out: () => out, err: () => err, ended };
    },
    async connectionsWhere(condition) {
      const [row] = await servers.database.sql<{ count: number }>(
        `SELECT count(*)::int AS count FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'dreamjar' AND ${condition}`,
      );
      return row!.count;
    },
    async untilWaiting(count) {
      const waiting = () => servers.connectionsWhere(`wait_event_type = 'Lock'`);
      await expect.poll(waiting, { interval: 20 }).toBe(count);
    },
    async holdCampaign({ id }) {
      const holder = new pg.Client({ connectionString: servers.database.url });
      await holder.connect();
      await holder.query('BEGIN');
      await holder.query('SELECT 1 FROM campaigns WHERE id = $1 FOR UPDATE', [id]);
      return () => holder.end();
    },
  } as ServerProcesses;
  beforeAll(async () => {
    servers.database = await createTestDatabase();
    servers.folder = await mkdtemp(join(tmpdir(), 'dreamjar-process-'));
    // As root, PostgreSQL runs as another account, which must come in.
    await chmod(servers.folder, 0o755);
  });
  afterAll(async () => {
    running.forEach((child) => child.kill('SIGKILL'));
    await servers.database.drop();
    await rm(servers.folder, { recursive: true, force: true });
  });
  return servers;
}

/** Where a server listens, once it says so. */
export async function addressOf({ out, err, ended }: ServerProcess): Promise<string> {
  const listening = expect
    .poll(() => /DreamJar listens on +(http:\S+)/.exec(out())?.[1])
    .toBeDefined();
  await Promise.race([listening, ended.then(() => Promise.reject(new Error(out() + err())))]);
  return /DreamJar listens on +(http:\S+)/.exec(out())![1]!;
}

/** As much of the API as the factories need, over a connection of its own for each request. */
export function clientOf(address: string): Api {
  const alone = (request: supertest.Test) => request.set('Connection', 'close');
  const post = (path: string, body: object = {}, token?: string) => {
    const request = alone(supertest(address).post(path)).send(body);
    return token === undefined ? request : request.set('Authorization', `Bearer ${token}`);
  };
  return { post, get: (path: string) => alone(supertest(address).get(path)) } as Api;
}

/** Whether a door is open, or else the reason. */
export function knockAt(address: string): Promise<string | undefined> {
  const socket = connect(Number(new URL(address).port), '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => resolve('open'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  }).finally(() => socket.destroy()) as Promise<string | undefined>;
}
