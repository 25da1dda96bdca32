import { expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { registerParent, type TestParent } from './support/factories.js';
import { codeIn, useMailbox } from './support/mailbox.js';

const api = useApi({ rateLimit: true });
const mailbox = useMailbox(api);

const verify = ({ access }: TestParent, code: string) =>
  api.post('/api/auth/email/verify/', { code }, access);

test('eight accounts that take a stranger’s address in turn guess ten times in all', async () => {
  const stranger = `stranger-${process.pid}@example.com`;
  const statuses: number[] = [];
  for (let turn = 0; turn < 8; turn += 1) {
    const guesser = await registerParent(api);
    await api.patch('/parents/me/', { email: stranger }, guesser.access).expect(200);
    const code = codeIn(await mailbox.next(stranger));
    const wrong = code.replace(/^./, (first) => (first === '7' ? '8' : '7'));
    for (let guess = 0; guess < 20; guess += 1) {
      statuses.push((await verify(guesser, wrong)).status);
    }
    const right = await verify(guesser, code);
    expect(right.status).not.toBe(200);
    await api.patch('/parents/me/', { email: guesser.email }, guesser.access).expect(200);
  }
  expect(statuses.filter((status) => status === 400)).toHaveLength(10);
  expect(statuses.filter((status) => status === 429)).toHaveLength(150);
});

test('malformed and right codes are no guesses', async () => {
  const parent = await registerParent(api);
  for (let typo = 0; typo < 12; typo += 1) await verify(parent, 'short').expect(400);
  await verify(parent, codeIn(await mailbox.next(parent.email))).expect(200);
});

test('codes for one address are mailed five times an hour at request, whichever account asks', async () => {
  const email = `asked-${process.pid}@example.com`;
  const statuses: number[] = [];
  for (let turn = 0; turn < 2; turn += 1) {
    const { access, email: own } = await registerParent(api);
    await api.patch('/parents/me/', { email }, access).expect(200);
    for (let ask = 0; ask < 4; ask += 1) {
      statuses.push((await api.post('/api/auth/email/resend/', {}, access)).status);
    }
    await api.patch('/parents/me/', { email: own }, access).expect(200);
  }
  expect(statuses).toEqual([202, 202, 202, 202, 202, 429, 429, 429]);
});
