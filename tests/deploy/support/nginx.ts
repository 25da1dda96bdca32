import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, makeFolder, startProgram, type RunningProgram } from './programs.js';

/** nginx before a server. */
export interface Nginx {
  address: string;
  program: RunningProgram;
  stop: () => Promise<void>;
}

/**
 * Starts nginx with these lines inside its `server`, such as
 * `location / { proxy_pass http://127.0.0.1:3000; }`. All else is nginx's default.
 */
export async function startNginx(inServer: string): Promise<Nginx> {
  const folder = await makeFolder();
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(folder.path, name)};`)
    .join(' ');
  const file = join(folder.path, 'nginx.conf');
  await writeFile(
    file,
    `daemon off; pid ${join(folder.path, 'pid')}; error_log stderr;
     events {}
     http { access_log off; ${temporary} server { listen 127.0.0.1:${port}; ${inServer} } }`,
  );
  const args = ['-p', folder.path, '-e', 'stderr', '-c', file];
  const program = await startProgram('nginx', args, port);
  return {
    address: `http://127.0.0.1:${port}`,
    program,
    stop: async () => {
      await program.stop();
      await folder.remove();
    },
  };
}
