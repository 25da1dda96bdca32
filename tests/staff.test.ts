import { execFile } from 'node:child_process';
import { expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { built } from './support/built.js';
import { registerParent } from './support/factories.js';

const api = useApi();

/** What the command says and how it ends. */
function staff(...words: string[]): Promise<{ code: number; said: string }> {
  const args = [built('cli/staff'), ...words];
  const env = { ...process.env, DATABASE_URL: api.database.url, LOG_LEVEL: 'silent' };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env }, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, said: out + err });
    });
  });
}

const isStaff = async (id: number) => {
  const [parent] = await api.database.sql('SELECT is_staff FROM parents WHERE id = $1', [id]);
  return parent?.['is_staff'];
};

test('staff is granted and revoked by address, whatever its case, and by nothing else', async () => {
  const parent = await registerParent(api, { is_staff: true });
  await api.put('/parents/me/', { is_staff: true }, parent.access).expect(200);
  expect(await isStaff(parent.id)).toBe(false);
  expect(await staff('grant', parent.email.toUpperCase())).toEqual({
    code: 0,
    said: `Parent ${parent.id} is now staff.\n`,
  });
  expect(await isStaff(parent.id)).toBe(true);
  expect((await staff('revoke', parent.email)).code).toBe(0);
  expect(await isStaff(parent.id)).toBe(false);
});

test('what it can not do it says in a sentence', async () => {
  expect(await staff('grant', 'nobody@example.com')).toEqual({
    code: 1,
    said: 'There is no parent with this address.\n',
  });
  expect(await staff('promote', 'nobody@example.com')).toEqual({
    code: 1,
    said: 'Usage: npm run staff -- grant|revoke <email>\n',
  });
});
