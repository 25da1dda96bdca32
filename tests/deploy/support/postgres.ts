import { randomUUID } from 'node:crypto';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, makeFolder, runProgram, startProgram } from './programs.js';

/** A PostgreSQL of Debian's, with TLS by a certificate that it signed itself. */
export interface Postgres {
  /** Its superuser's URL of the database `postgres`. */
  url: string;
  stop: () => Promise<void>;
}

/** Members of the group `tls_only` get in by TLS alone, as everybody does on Heroku. */
const ACCESS = `
hostnossl all +tls_only 127.0.0.1/32 reject
host      all all       127.0.0.1/32 scram-sha-256
`;

const SETTINGS = `
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
ssl = on
ssl_cert_file = 'server.crt'
ssl_key_file = 'server.key'
fsync = off
max_connections = 200
`;

/** Makes a cluster in a folder of its own and starts it. It is UTF-8 in C.UTF-8, as most are. */
export async function startPostgres(): Promise<Postgres> {
  const folder = await makeFolder();
  const password = randomUUID();
  const passwordFile = join(folder.path, 'password');
  await writeFile(passwordFile, password, { mode: 0o644 });
  const data = join(folder.path, 'data');
  await runProgram('initdb', [
    ...['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`],
    ...['-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
  ]);
  await makeCertificate(data);
  await appendFile(join(data, 'postgresql.conf'), SETTINGS);
  await writeFile(join(data, 'pg_hba.conf'), ACCESS);
  const port = await freePort();
  const program = await startProgram(
    'postgres',
    ['-D', data, '-p', String(port)],
    port,
    /ready to accept connections/,
  );
  return {
    url: `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`,
    stop: async () => {
      await program.stop('SIGQUIT');
      await folder.remove();
    },
  };
}

async function makeCertificate(folder: string): Promise<void> {
  await runProgram('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-days', '2', '-subj', '/CN=db.example', '-keyout', join(folder, 'server.key')],
    ...['-out', join(folder, 'server.crt')],
  ]);
}
