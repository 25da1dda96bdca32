import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { builtAndWide } from './support/built.js';
import { clientOf, useServerProcesses } from './support/server-process.js';

const servers = useServerProcesses();

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('a full disk under the log costs lines, and nothing else', async () => {
  const port = await freePort();
  const { PATH = '', HOME = '' } = process.env;
  const server = spawn(process.execPath, builtAndWide('process/server'), {
    env: {
      ...{ PATH, HOME, NODE_ENV: 'production', HOST: '127.0.0.1', PORT: String(port) },
      ...{ DATABASE_URL: servers.database.url, DATA_DIR: servers.folder, RATE_LIMIT: 'off' },
      JWT_SECRET: 'x'.repeat(32),
    },
    // Every write to it fails as on a full disk.
    stdio: ['ignore', openSync('/dev/full', 'w'), 'inherit'],
  });
  onTestFinished(() => void server.kill('SIGKILL'));
  const ended = once(server, 'exit');
  const api = clientOf(`http://127.0.0.1:${port}`);
  const isReady = () =>
    api.get('/health/ready').then(
      ({ status }) => status,
      () => 0,
    );
  await expect.poll(isReady).toBe(200);
  // More lines than are kept until they can be written.
  for (let i = 0; i < 60; i += 1) await api.get('/campaigns/').expect(200);
  server.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});
