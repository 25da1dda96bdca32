import { beforeEach, describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { donate, openJar, registerParent, yearsAgo, type TestParent } from './support/factories.js';
import { postKeyed, rememberedRequests } from './support/keyed.js';

const api = useApi({ erasure: { batch: 2 } });

let jar: Awaited<ReturnType<typeof openJar>>;
let donor: TestParent;

beforeEach(async () => {
  await api.database.sql('DELETE FROM idempotent_requests');
  jar = await openJar(api);
  donor = await registerParent(api);
  await api.database.sql('UPDATE parents SET email_verified_at = now() WHERE id = $1', [donor.id]);
});

interface Made {
  path: () => string;
  body: () => object;
  token?: () => string;
  /** Deletes what was made, which has this id. */
  remove: (id: number) => Promise<unknown>;
}

const NEW_CAMPAIGN = { title: 'Zz', description: 'Zz', goal: 90, category: 'sports' };

const MADE: Record<string, Made> = {
  'a donation of a guest whose account was deleted': {
    path: () => `/campaigns/${jar.campaign.id}/donations/`,
    body: () => ({ amount: 5, donor_name: 'Zz', donor_email: donor.email, comment: 'Zz' }),
    remove: () => api.delete('/parents/me/', donor.access).expect(204),
  },
  'a campaign': {
    path: () => `/children/${jar.child.id}/campaigns/`,
    body: () => NEW_CAMPAIGN,
    token: () => jar.parent.access,
    remove: async (id) => {
      await api.put(`/campaigns/${id}/`, { is_open: false }, jar.parent.access).expect(200);
      await api.delete(`/campaigns/${id}/`, jar.parent.access).expect(204);
    },
  },
  'a child': {
    path: () => '/parents/me/children/',
    body: () => ({ name: 'Zz Sommer', date_of_birth: yearsAgo(7) }),
    token: () => jar.parent.access,
    remove: (id) => api.delete(`/children/${id}/`, jar.parent.access).expect(204),
  },
};

describe.each(Object.entries(MADE))('%s', (_what, { path, body, token, remove }) => {
  const post = (key: string, sent: object = body()) => postKeyed(api, key, path(), sent, token?.());

  test('is not made again by the same key, but by another', async () => {
    const first = await post('once').expect(201);
    await remove(first.body.id);
    for (let times = 0; times < 2; times += 1) {
      const refused = await post('once').expect(404);
      expect(refused.body).toEqual({
        detail: expect.stringContaining('new key'),
        code: 'not_found',
      });
    }
    await post('once', { ...body(), added: true }).expect(422);
    const other = await post('another').expect(201);
    expect(other.body.id).not.toBe(first.body.id);
  });

  test('leaves nothing but hashes and the time of the request', async () => {
    const { body: made } = await post('once').expect(201);
    await remove(made.id);
    const left = await rememberedRequests(api);
    expect(left).toHaveLength(1);
    expect(left[0]).toMatch(
      /^\("\\\\x[\da-f]{64}","\\\\x[\da-f]{64}","",404,\{\},,,,,,"[-\d :.+]+"\)$/,
    );
  });
});

test('a donation is not made again either while a job has still to erase it', async () => {
  const { path, body, remove } = MADE['a donation of a guest whose account was deleted']!;
  const others = { amount: 1, donor_name: 'Zz', donor_email: donor.email };
  for (let gifts = 0; gifts < 3; gifts += 1) await donate(api, jar.campaign, others);
  await postKeyed(api, 'once', path(), body()).expect(201);
  await remove(0);
  expect((await rememberedRequests(api))[0]).toContain('Zz');
  await postKeyed(api, 'once', path(), body()).expect(404);
});
