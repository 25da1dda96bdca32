import type supertest from 'supertest';
import { beforeAll, describe, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { addChild, donate, openCampaign, registerParent } from './support/factories.js';
import type { TestCampaign, TestChild, TestParent } from './support/factories.js';

const api = useApi();

type Viewer = 'visitor' | 'owner' | 'stranger' | 'donor';
const VIEWERS: Viewer[] = ['visitor', 'owner', 'stranger', 'donor'];

/** Each planted string, and who may see it. Whoever isn't named must find it nowhere. */
const SECRETS: Record<string, Viewer[]> = {
  'zq-owner-username': ['owner'],
  'zq-owner@mail.example': ['owner'],
  'zq-owner-first': ['owner'],
  'zq-owner-last': ['owner'],
  'zq-owner-password': [],
  'zq-child-last': ['owner'],
  'zq-child-middle': ['owner'],
  '2016-03-17': ['owner'],
  'zq-child-picture': ['owner'],
  'zq-closed-title': ['owner', 'visitor', 'stranger', 'donor'],

  'zq-stranger-username': ['stranger'],
  'zq-stranger@mail.example': ['stranger'],
  'zq-stranger-last': ['stranger'],
  'zq-stranger-child-last': ['stranger'],
  'zq-stranger-picture': ['stranger'],
  '2017-09-23': ['stranger'],

  'zq-donor-username': ['donor'],
  'zq-donor@mail.example': ['donor', 'owner'],
  'zq-donor-first': ['visitor', 'owner', 'stranger', 'donor'],
  'zq-donor-last': ['donor'],
  'zq-donor-hidden': ['donor', 'owner'],

  'zq-guest-name': ['visitor', 'owner', 'stranger', 'donor'],
  'zq-guest@mail.example': ['owner'],
  'zq-guest-hidden-name': ['owner'],
  'zq-guest-hidden@mail.example': ['owner'],
};

const PUBLIC_CAMPAIGN =
  'category child_name date_created deadline description donation_count goal has_deadline id image is_expired is_open percentage_raised seconds_remaining title total_raised';
const PUBLIC_DONATION = 'amount anonymous comment date_donated donor_name id';

let people: Record<Exclude<Viewer, 'visitor'>, TestParent>;
let children: TestChild[];
let campaigns: TestCampaign[];

const named = (name: string) => ({
  username: `zq-${name}-username`,
  email: `zq-${name}@mail.example`,
  first_name: `zq-${name}-first`,
  last_name: `zq-${name}-last`,
  password: `zq-${name}-password`,
});

beforeAll(async () => {
  const owner = await registerParent(api, named('owner'));
  const stranger = await registerParent(api, named('stranger'));
  const donor = await registerParent(api, named('donor'));
  people = { owner, stranger, donor };
  const mia = await addChild(api, owner, {
    name: 'Mia zq-child-middle\u00A0zq-child-last',
    date_of_birth: '2016-03-17',
    gender: 'female',
    profile_picture: 'https://pictures.example/zq-child-picture.jpg',
  });
  const tom = await addChild(api, stranger, {
    name: 'Tom zq-stranger-child-last',
    date_of_birth: '2017-09-23',
    gender: 'prefer not to say',
    profile_picture: 'https://pictures.example/zq-stranger-picture.jpg',
  });
  children = [mia, tom];
  const violin = await openCampaign(api, owner, mia);
  const closed = await openCampaign(api, owner, mia, { title: 'zq-closed-title' });
  const boots = await openCampaign(api, stranger, tom, { deadline: '2099-01-01' });
  campaigns = [violin, closed, boots];
  await donate(api, violin, {}, donor);
  await donate(api, violin, { donor_name: 'zq-donor-hidden', anonymous: true }, donor);
  const guest = { donor_name: 'zq-guest-name', donor_email: 'zq-guest@mail.example' };
  await donate(api, violin, guest);
  const hidden = {
    donor_name: 'zq-guest-hidden-name',
    donor_email: 'zq-guest-hidden@mail.example',
    anonymous: true,
  };
  await donate(api, violin, hidden);
  await donate(api, closed, hidden);
  await api.put(`/campaigns/${closed.id}/`, { is_open: false }, owner.access).expect(200);
});

function tokenOf(viewer: Viewer): string | undefined {
  return viewer === 'visitor' ? undefined : people[viewer].access;
}

/** Everything of an answer that a client can read, cursors decoded, in lower case. */
function textOf({ text, headers }: supertest.Response): string {
  const cursors = [...(headers['link'] ?? '').matchAll(/cursor=([\w-]+)/g)];
  const decoded = cursors.map(([, cursor]) => Buffer.from(cursor!, 'base64url').toString());
  return [text, JSON.stringify(headers), ...decoded].join('\n').toLowerCase();
}

function found(text: string): string[] {
  return Object.keys(SECRETS).filter((secret) => text.includes(secret));
}

/** Every address that can be read, in every order, from every page. */
function addresses(): string[] {
  const sorts = ['newest', 'most_funded', 'closest_to_goal', 'ending_soon'];
  const ids = Object.values(people).map(({ id }) => id);
  return [
    ...sorts.map((sort) => `/campaigns/?page_size=1&sort=${sort}`),
    ...campaigns.flatMap(({ id }) => [
      `/campaigns/${id}/`,
      `/campaigns/${id}/donations/?page_size=1`,
    ]),
    ...children.flatMap(({ id }) => [`/children/${id}/`, `/children/${id}/campaigns/?page_size=1`]),
    ...['me', ...ids].flatMap((id) => [`/parents/${id}/`, `/parents/${id}/children/?page_size=1`]),
    '/donations/?page_size=1',
    '/health/live',
    '/health/ready',
    '/openapi.json',
    '/docs',
  ];
}

/** All pages from an address on. */
async function read(address: string, viewer: Viewer): Promise<supertest.Response[]> {
  const response = await api.get(address, tokenOf(viewer));
  const [, next] = /<https?:\/\/[^/]+([^>]+)>/.exec(response.headers['link'] ?? '') ?? [];
  return next ? [response, ...(await read(next, viewer))] : [response];
}

/** Requests that fail, with what is secret in every place where a person can put it. */
function provocations(secret: string, token?: string): supertest.Test[] {
  const part = encodeURIComponent(secret);
  const [{ id: campaign }, { id: child }] = [campaigns[0]!, children[0]!];
  return [
    api.get(`/campaigns/?sort=${part}&category=${part}&cursor=${part}&page_size=${part}`, token),
    api.get(`/campaigns/${part}/`, token),
    api.get(`/${part}?${part}=${part}`, token),
    api.get('/parents/me/', secret.replace(/[^\w.-]/g, '')),
    api.post('/parents/', { username: secret, email: secret, password: secret.slice(0, 4) }),
    api.post('/api/token/', { email: secret, password: secret }),
    api.post('/api/token/refresh/', { refresh: secret }),
    api.post(`/campaigns/${campaign}/donations/`, { amount: secret, donor_email: secret }, token),
    api.post('/parents/').type('json').send(`{"username": "${secret}", "email": ${secret}`),
    api.post('/parents/').type('text').send(secret),
    api.put(`/children/${child}/`, { name: '', gender: secret, date_of_birth: secret }, token),
    api.delete(`/campaigns/${campaign}/${part}/`, token),
  ];
}

test.each(VIEWERS)(
  'of all that the %s can read, nothing is meant for somebody else',
  async (viewer) => {
    const seen = new Set<string>();
    for (const address of addresses()) {
      for (const response of await read(address, viewer)) {
        found(textOf(response)).forEach((secret) => seen.add(secret));
      }
    }
    const allowed = Object.keys(SECRETS).filter((secret) => SECRETS[secret]!.includes(viewer));
    expect([...seen].sort()).toEqual(allowed.sort());
  },
);

test.each(VIEWERS.filter((viewer) => viewer !== 'owner'))(
  'the %s sees campaigns and gifts of others in their public form, field by field',
  async (viewer) => {
    for (const { id } of campaigns.slice(0, 2)) {
      const { body: campaign } = await api.get(`/campaigns/${id}/`, tokenOf(viewer)).expect(200);
      expect(
        Object.keys(campaign as object)
          .sort()
          .join(' '),
      ).toBe(PUBLIC_CAMPAIGN);
      expect(campaign.child_name).toBe('Mia');
      const { body: gifts } = await api.get(`/campaigns/${id}/donations/`, tokenOf(viewer));
      for (const gift of gifts as { anonymous: boolean; donor_name: string }[]) {
        expect(Object.keys(gift).sort().join(' ')).toBe(PUBLIC_DONATION);
        if (gift.anonymous) expect(gift.donor_name).toBe('Anonymous');
      }
    }
    const { body: browsed } = await api.get('/campaigns/', tokenOf(viewer)).expect(200);
    for (const campaign of browsed as object[])
      expect(Object.keys(campaign).sort().join(' ')).toBe(PUBLIC_CAMPAIGN);
  },
);

test.each(VIEWERS)('a search of the %s finds nobody by what is private', async (viewer) => {
  const shown = new Set(['zq-closed-title', 'zq-donor-first', 'zq-guest-name']);
  const parts = ['middle', 'last', 'picture', 'female', 'mail.example', 'zq-', 'hidden', '2016'];
  const queries = [...Object.keys(SECRETS).filter((secret) => !shown.has(secret)), ...parts];
  for (const query of queries) {
    const address = `/campaigns/?q=${encodeURIComponent(query)}`;
    const { body } = await api.get(address, tokenOf(viewer)).expect(200);
    expect(body, query).toEqual([]);
    const both = await api.get(`${address}+mia`, tokenOf(viewer)).expect(200);
    expect(both.body, query).toEqual([]);
  }
  const { body } = await api.get('/campaigns/?q=MIA', tokenOf(viewer)).expect(200);
  expect(body).toHaveLength(1);
});

test.each(VIEWERS)('no error that the %s provokes repeats what was sent', async (viewer) => {
  for (const secret of Object.keys(SECRETS)) {
    for (const response of await Promise.all(provocations(secret, tokenOf(viewer)))) {
      expect(response.status, response.text).toBeGreaterThanOrEqual(400);
      expect(response.status, response.text).toBeLessThan(500);
      expect(found(textOf(response))).toEqual([]);
    }
  }
});

describe('the log', () => {
  test('holds nothing private and no token, whatever was asked', async () => {
    const { access, refresh, password } = people.stranger;
    await api.get(`/campaigns/?access_token=${access}`, access).expect(200);
    await api.get(`/${access}/`).expect(404);
    await api.post('/api/token/', { email: people.stranger.email, password }).expect(200);
    const { body } = await api.post('/api/token/refresh/', { refresh }).expect(200);
    await api.post('/api/token/blacklist/', { refresh: body.refresh }).expect(200);
    const log = api.logged.join('').toLowerCase();
    expect(api.logged.length).toBeGreaterThan(500);
    expect(found(log)).toEqual([]);
    for (const token of [access, refresh, body.access, body.refresh] as string[]) {
      for (const part of token.split('.').slice(1)) expect(log).not.toContain(part.toLowerCase());
    }
    for (const word of ['mia', 'female', 'bearer', 'eyj']) expect(log).not.toContain(word);
  });
});
