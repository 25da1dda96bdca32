import { describe, expect, test } from 'vitest';
import { inForm } from '../src/core/text.js';
import { useApi } from './support/api.js';
import { guestGift, openJar, registerParent } from './support/factories.js';
import { marks } from './support/worst-text.js';

const api = useApi();

describe('marks on one letter', () => {
  test('are taken up to 30 and refused beyond, in every text', async () => {
    const { parent, campaign } = await openJar(api);
    const path = `/campaigns/${campaign.id}/`;
    const many = `a${marks(30)}b${marks(30)}`;
    for (const field of ['title', 'description']) {
      await api.patch(path, { [field]: many }, parent.access).expect(200);
      const { body } = await api
        .patch(path, { [field]: `a${marks(31)}` }, parent.access)
        .expect(400);
      expect(body).toEqual({ [field]: ['Too many marks on one letter: 30 at most.'] });
    }
  });

  test('never keep the program from its other work, however they are sent', async () => {
    const { campaign } = await openJar(api);
    const bait = `a${marks(48_000)}`;
    const before = process.cpuUsage();
    await api.post('/api/token/', { email: bait, password: 'x' }).expect(400);
    await api
      .post(`/campaigns/${campaign.id}/donations/`, guestGift({ comment: bait }))
      .expect(400);
    const { user, system } = process.cpuUsage(before);
    // Normalising either takes ten seconds and more.
    expect((user + system) / 1e6).toBeLessThan(2);
  });

  test('beyond 30 are dropped where nobody can be told', () => {
    expect(inForm('NFD', `a${'\u0316'.repeat(50_000)}b`)).toBe(`a${'\u0316'.repeat(30)}b`);
  });
});

test('text may shrink to a quarter when it is composed, and is measured then', async () => {
  const quarter = '\u03b1\u0313\u0300\u0345';
  const { user } = await nameOf(quarter.repeat(150));
  expect(user.first_name).toBe('\u1f82'.repeat(150));
});

test.each(['a'.repeat(1201), ' '.repeat(90_000), quarterTooLong()])(
  'text that is far too long is refused unread',
  async (first_name) => {
    const { access } = await registerParent(api);
    const { body } = await api.patch('/parents/me/', { first_name }, access).expect(400);
    expect(body).toEqual({ first_name: ['Ensure this field has no more than 150 characters.'] });
  },
);

function quarterTooLong(): string {
  return '\u03b1\u0313\u0300\u0345'.repeat(151);
}

async function nameOf(first_name: string) {
  const { access } = await registerParent(api, { first_name });
  return { user: (await api.get('/parents/me/', access).expect(200)).body };
}
