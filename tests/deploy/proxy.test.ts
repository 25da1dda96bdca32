import { afterAll, beforeAll, test } from 'vitest';
import { describeWith } from './support/needs.js';
import { startNginx, type Nginx } from './support/nginx.js';
import { dropPlacesAfterwards, makePlace } from './support/place.js';
import { startServer, type RunningServer } from './support/server.js';
import { walk } from './support/walk.js';

describeWith(['postgresql-15', 'nginx'], "the server behind nginx, on Debian's PostgreSQL", () => {
  let server: RunningServer;
  let nginx: Nginx;

  dropPlacesAfterwards();
  beforeAll(async () => {
    const { url } = await makePlace();
    server = await startServer({ DATABASE_URL: url, TRUST_PROXY: '1' });
    nginx = await startNginx(`location / { proxy_pass ${server.address}; }`);
  });
  afterAll(async () => {
    await nginx.stop();
    await server.stop();
  });

  test('does its main job', async () => {
    await walk(nginx.address);
  });
});
