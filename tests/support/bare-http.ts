import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { expect } from 'vitest';
import type { Api } from './api.js';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** A request as it stands, which supertest would tidy up. */
export async function send(
  api: Api,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  ...chunks: (string | Buffer)[]
): Promise<Answer> {
  const outgoing = request(api.address, { method, path, headers });
  chunks.forEach((chunk) => outgoing.write(chunk));
  outgoing.end();
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8')) text += String(chunk);
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, text };
}

/** What comes back to bytes over a bare socket until the server closes it. */
export async function sendBytes(api: Api, ...parts: (string | Buffer)[]): Promise<Answer> {
  const socket = connect(Number(new URL(api.address).port), '127.0.0.1').setEncoding('latin1');
  let received = '';
  socket.on('data', (data) => (received += String(data)));
  socket.on('error', () => undefined);
  parts.forEach((part) => socket.write(part));
  await once(socket, 'close');
  const [head = '', text = ''] = received.split(/\r\n\r\n(.*)/s, 2);
  const [line = '', ...fields] = head.split('\r\n');
  const headers = fields.map((field) => field.split(/: (.*)/s, 2) as [string, string]);
  return {
    status: Number(line.split(' ')[1]),
    headers: Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])),
    text,
  };
}

/** Every error is JSON with a request id: with a code, or else with messages by field. */
export function expectError(answer: Answer, status: number, code?: string): void {
  const { headers, text } = answer;
  expect(answer.status, text).toBe(status);
  expect(headers['x-request-id']).toMatch(/^[\da-f-]{36}$/);
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
  expect(headers['cache-control']).toBe('no-store');
  const body = JSON.parse(text) as Record<string, unknown>;
  if (code !== undefined) {
    expect(body).toEqual({ detail: expect.any(String) as string, code });
    return;
  }
  for (const messages of Object.values(body)) {
    expect(messages).toEqual(expect.arrayContaining([expect.any(String)]));
  }
}
