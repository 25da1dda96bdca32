import { execFile } from 'node:child_process';
import { appendFile, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startEmbeddedDatabase, type EmbeddedDatabase } from '../../src/embedded-postgres/index.js';
import { findPlace } from '../../src/embedded-postgres/place.js';
import { migrate } from '../../src/database/migrate.js';
import { lookInto, type TestDatabase } from './database.js';

/** A PostgreSQL, and a streaming replica of it. */
export interface Streaming {
  primary: TestDatabase;
  replica: {
    url: string;
    sql: TestDatabase['sql'];
    stop(): Promise<void>;
    /** On the same port, from where it stopped. */
    start(): Promise<void>;
  };
  stop(): Promise<void>;
}

/** Starts a migrated primary and its replica, in folders of their own. */
export async function startStreaming(): Promise<Streaming> {
  const folder = await mkdtemp(join(tmpdir(), 'dreamjar-streaming-'));
  const [primaryDir, replicaDir] = [join(folder, 'primary'), join(folder, 'replica')];
  const start = (dataDir: string) => startEmbeddedDatabase({ dataDir, durable: false });

  const made = await start(primaryDir);
  await migrate(made.url);
  await made.stop();
  const from = await findPlace(primaryDir);
  const to = await findPlace(replicaDir);
  // The base backup is a copy of the cluster at rest: owners and modes included, for PostgreSQL asks.
  await promisify(execFile)('cp', ['-a', from.folder, to.folder]);
  const primaryServer = await start(primaryDir);
  const { hostname, port, username, password } = new URL(primaryServer.url);
  await appendFile(
    join(to.cluster, 'postgresql.auto.conf'),
    `primary_conninfo = 'host=${hostname} port=${port} user=${username} password=${password}'\n`,
  );
  const signal = join(to.cluster, 'standby.signal');
  await writeFile(signal, '', { mode: 0o600 });
  if (to.account) await chown(signal, to.account.uid, to.account.gid);
  let replicaServer: EmbeddedDatabase = await start(replicaDir);

  const primary = lookInto(primaryServer.url);
  const replica = lookInto(replicaServer.url);
  return {
    primary: {
      url: primaryServer.url,
      sql: (text, values) => primary.sql(text, values),
      drop: () => primary.close(),
    },
    replica: {
      url: replicaServer.url,
      sql: (text, values) => replica.sql(text, values),
      stop: () => replicaServer.stop(),
      start: async () => {
        replicaServer = await start(replicaDir);
      },
    },
    stop: async () => {
      await primary.close();
      await replica.close();
      await replicaServer.stop();
      await primaryServer.stop();
      for (const one of [folder, from.folder, to.folder]) {
        await rm(one, { recursive: true, force: true });
      }
    },
  };
}
