import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, makeFolder, startProgram } from './programs.js';
import type { Place } from './place.js';

/** PgBouncer before a database. */
export interface PgBouncer {
  /** The database's URL by this way. */
  url: string;
  stop: () => Promise<void>;
}

/**
 * Starts PgBouncer as Debian configures it, but for what is told: by default it lends connections by the session
 * and refuses start-up parameters that it doesn't know.
 */
export async function startPgBouncer(
  place: Place,
  settings: Record<string, string> = {},
): Promise<PgBouncer> {
  const folder = await makeFolder();
  const port = await freePort();
  const target = new URL(place.url);
  const users = join(folder.path, 'userlist.txt');
  await writeFile(users, `"${place.role}" "${place.password}"\n`, { mode: 0o644 });
  const all = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: users,
    ...settings,
  };
  const file = join(folder.path, 'pgbouncer.ini');
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
  const databases = `* = host=127.0.0.1 port=${target.port}`;
  await writeFile(file, ['[databases]', databases, '[pgbouncer]', ...lines, ''].join('\n'));
  const program = await startProgram('pgbouncer', [file], port);
  target.port = String(port);
  return {
    url: target.href,
    stop: async () => {
      await program.stop('SIGQUIT');
      await folder.remove();
    },
  };
}
