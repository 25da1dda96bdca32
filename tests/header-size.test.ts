import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { sendBytes } from './support/bare-http.js';
import { openCampaign, openJar } from './support/factories.js';

const APP = 'https://dreamjar.example';
const api = useApi({ corsOrigins: [APP], publicUrl: 'https://api.dreamjar.example' });

/** What protects whoever opens a response in a browser. */
const PROTECTION = [
  'content-security-policy',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'referrer-policy',
  'strict-transport-security',
  'x-content-type-options',
  'x-frame-options',
];

/** Bytes of the status line and the headers, as they were sent. */
function sizeOf({ httpVersion, statusCode, statusMessage, rawHeaders }: IncomingMessage): number {
  const line = `HTTP/${httpVersion} ${statusCode} ${statusMessage}\r\n`;
  const pairs = rawHeaders.map((text, index) => text + (index % 2 === 0 ? ': ' : '\r\n'));
  return Buffer.byteLength(`${line}${pairs.join('')}\r\n`);
}

async function ask(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: object,
  agent = new Agent(),
) {
  const outgoing = request(api.address + path, {
    method,
    agent,
    headers: { 'Content-Type': 'application/json', ...headers },
  });
  outgoing.end(body && JSON.stringify(body));
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  return answer;
}

/** Not counted here: it repeats the address that was asked for, which the client chose. */
const linkOf = ({ headers: { link } }: IncomingMessage) =>
  link === undefined ? 0 : `Link: ${String(link)}\r\n`.length;

test.each([
  ['another program', {}],
  ['a browser app', { Origin: APP }],
])('the headers of a response to %s take under 700 bytes', async (_name, from) => {
  const { parent, child, campaign } = await openJar(api);
  await openCampaign(api, parent, child);
  const gift = { amount: 5, donor_name: 'Kate', donor_email: 'kate@example.org' };
  const give = `/campaigns/${campaign.id}/donations/`;
  const list = await ask('GET', '/campaigns/', from);
  const known = { ...from, 'If-None-Match': list.headers.etag! };
  const page = await ask('GET', '/campaigns/?sort=most_funded&page_size=1', from);
  const answers: [number, IncomingMessage][] = [
    [200, list],
    [200, page],
    [304, await ask('GET', '/campaigns/', known)],
    [200, await ask('GET', `/campaigns/${campaign.id}/`, from)],
    [201, await ask('POST', give, { ...from, 'Idempotency-Key': 'a' }, gift)],
    [201, await ask('POST', give, { ...from, 'Idempotency-Key': 'a' }, gift)],
    [400, await ask('POST', give, from, {})],
    [401, await ask('GET', '/parents/me/', from)],
    [404, await ask('GET', '/nothing', from)],
    [405, await ask('POST', `/campaigns/${campaign.id}/`, from)],
  ];
  expect(page.headers.link).toBeDefined();
  for (const [status, answer] of answers) {
    expect(answer.statusCode).toBe(status);
    expect(sizeOf(answer) - linkOf(answer), String(status)).toBeLessThan(700);
    expect(Object.keys(answer.headers)).toEqual(expect.arrayContaining(PROTECTION));
  }
});

test('the headers of a response to a preflight take under 900 bytes', async () => {
  const answer = await ask('OPTIONS', '/campaigns/1/donations/', {
    Origin: APP,
    'Access-Control-Request-Method': 'POST',
    'Access-Control-Request-Headers': 'authorization,content-type,idempotency-key',
  });
  expect(answer.statusCode).toBe(204);
  expect(sizeOf(answer)).toBeLessThan(900);
});

// What lets a browser app read the response comes on top; nothing that protects is left out for that.
test.each([
  ['another program', {}, 'page_size=1', 700],
  ['a browser app', { Origin: APP }, 'page_size=1', 850],
  [
    'a browser app that sets all',
    { Origin: APP },
    'sort=ending_soon&category=hobbies&count=true&page_size=1',
    1_000,
  ],
])(
  'headers with the address of the next page stay short for %s',
  async (_name, from, query, most) => {
    const { parent, child } = await openJar(api, { deadline: '2099-01-01' });
    await openCampaign(api, parent, child, { deadline: '2099-01-02' });
    const page = await ask('GET', `/campaigns/?${query}`, from);
    expect(page.headers.link).toBeDefined();
    expect(sizeOf(page)).toBeLessThan(most);
  },
);

test('a connection is kept open as before, and a client that wants it closed is told so', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let connections = 0;
  const count = () => (connections += 1);
  api.server.on('connection', count);
  for (let times = 0; times < 3; times += 1) await ask('GET', '/campaigns/', {}, undefined, agent);
  api.server.off('connection', count);
  agent.destroy();
  expect(connections).toBe(1);
  const closed = await ask('GET', '/campaigns/', { Connection: 'close' });
  expect(closed.headers.connection).toBe('close');
  const old = await sendBytes(api, 'GET /campaigns/ HTTP/1.0\r\n\r\n');
  expect(old.headers.connection).toBe('close');
});
