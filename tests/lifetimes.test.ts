import { expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { registerParent } from './support/factories.js';
import { codeIn, tokenIn, useMailbox } from './support/mailbox.js';

const MINUTE = 60_000;

const api = useApi({ lifetimes: { recentSignIn: 2 * MINUTE, emailUndo: 120 * MINUTE } });
const mailbox = useMailbox(api, {
  lifetimes: { recentSignIn: 2 * MINUTE, emailUndo: 120 * MINUTE },
});

const later = (minutes: number) => (api.clock.now = new Date(Date.now() + minutes * MINUTE));

test('how long signing in confirms, and a change can be undone, are figures', async () => {
  const parent = await registerParent(api);
  const code = codeIn(await mailbox.next(parent.email));
  await api.post('/api/auth/email/verify/', { code }, parent.access).expect(200);
  const email = `moved-${parent.email}`;
  await api.patch('/parents/me/', { email }, parent.access).expect(200);
  const letter = await mailbox.next(parent.email);
  expect(letter.text).toContain('Within 2 hours of the change');

  later(3);
  const { body } = await api.delete('/parents/me/', parent.access).expect(403);
  expect(body).toEqual({
    detail: 'Give your current password, or sign in again and do this within 2 minutes.',
    code: 'confirmation_needed',
  });
  const undo = { token: tokenIn(letter) };
  later(121);
  await api.post('/api/auth/email/undo/', undo).expect(400);
  later(119);
  await api.post('/api/auth/email/undo/', undo).expect(200);
});
