import { expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { registerParent, type TestParent } from './support/factories.js';
import { codeIn, useMailbox } from './support/mailbox.js';

const api = useApi();
const mailbox = useMailbox(api, {
  mailBudget: { perHour: 3, perDay: 5, reservePerHour: 1 },
});

const ask = ({ email }: TestParent) => api.post('/api/auth/password/reset/', { email }).expect(202);
const changePassword = ({ access, password }: TestParent, next: string) =>
  api.patch('/parents/me/', { password: next, current_password: password }, access).expect(200);

/** How many mails with these words in the subject came to these people. */
function mailsAbout(words: string, people: TestParent[]): number {
  const letters = people.flatMap(({ email }) => mailbox.unread(email));
  return letters.filter(({ subject }) => subject.includes(words)).length;
}

/** Accounts that someone made with the address of one mailbox, by its tags. */
function atOneMailbox(name: string, count: number): Promise<TestParent[]> {
  const tags = Array.from({ length: count }, (_, tag) => tag);
  return Promise.all(
    tags.map((tag) => registerParent(api, { email: `${name}+${tag}@example.com` })),
  );
}

test.each([
  ['owner', 'example.com'],
  ['own.er', 'gmail.com'],
])(
  'its owner still gets a code and a link when strangers use the budget of %s@%s up',
  async (name, domain) => {
    const unique = `${name}${process.pid}`;
    for (const tag of ['a', 'b', 'c', 'd', 'e', 'f'])
      await ask(await registerParent(api, { email: `${unique}+${tag}@${domain}` }));
    await mailbox.settled();
    const owner = await registerParent(api, { email: `${unique}@${domain}` });
    await ask(owner);
    const link = () => mailsAbout('new password', [owner]);
    await mailbox.settled();
    expect(link()).toBe(1);
    for (let round = 0; round < 2; round += 1) {
      await ask(owner);
      await mailbox.settled();
    }
    expect(link()).toBe(1);
    const code = codeIn(await mailbox.next(owner.email));
    await api.post('/api/auth/email/verify/', { code }, owner.access).expect(200);
  },
);

test('what the hour refuses does not count for the day', async () => {
  await atOneMailbox('hours', 6);
  await mailbox.settled();
  await api.database.sql(`DELETE FROM rate_limits WHERE key LIKE 'mail codes hour:%'`);
  const others = await Promise.all(
    ['x', 'y', 'z'].map((tag) => registerParent(api, { email: `hours+${tag}@example.com` })),
  );
  await mailbox.settled();
  expect(mailsAbout('code', others)).toBe(2);
});

test('links for a new password come to a mailbox that no account has proven within its budget', async () => {
  const accounts = await atOneMailbox('links', 5);
  for (const account of accounts) await ask(account);
  await mailbox.settled();
  expect(mailsAbout('new password', accounts)).toBe(3);
});

test('so do words that a password was changed, and links all the same', async () => {
  const accounts = await atOneMailbox('words', 5);
  for (const account of accounts) await changePassword(account, 'quite another secret');
  await ask(accounts[0]!);
  await mailbox.settled();
  expect(mailsAbout('password was changed', accounts)).toBe(3);
  expect(mailsAbout('new password', accounts)).toBe(1);
});

test('mails about passwords greet by name only who has proven the address', async () => {
  const parent = await registerParent(api, { first_name: 'Win a prize' });
  await changePassword(parent, 'quite another secret');
  await ask(parent);
  await mailbox.settled();
  const letters = mailbox.unread(parent.email);
  expect(letters).toHaveLength(3);
  for (const { text } of letters) expect(text).toMatch(/^Hello,\r?\n/);
});

test('whoever has proven the address gets all of them', async () => {
  const parent = await registerParent(api, { first_name: 'Nora' });
  const code = codeIn(await mailbox.next(parent.email));
  await api.post('/api/auth/email/verify/', { code }, parent.access).expect(200);
  for (let round = 0; round < 4; round += 1) {
    await ask(parent);
    await mailbox.settled();
  }
  expect(mailsAbout('new password', [parent])).toBe(4);
  expect(mailbox.unread(parent.email)[0]!.text).toMatch(/^Hello Nora,/);
});
