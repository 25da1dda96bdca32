import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';

/** Of any shape, until an assertion says otherwise. */
type Json = ReturnType<typeof JSON.parse>;

/** What a walk left behind. */
export interface Walked {
  campaign: number;
  token: string;
}

/** The main job, over HTTP: register, add a child, open a campaign, browse, give, read, look at all gifts as CSV. */
export async function walk(address: string): Promise<Walked> {
  const parent = await send(address, 'POST', '/parents/', newParent);
  const name = parent.user.username as string;
  const token = parent.access as string;
  const child = await send(
    address,
    'POST',
    '/parents/me/children/',
    { name: 'Mia Sommer', date_of_birth: '2020-05-17' },
    token,
  );
  const path = `/children/${child.id}/campaigns/`;
  const deadline = new Date(Date.now() + 30 * 24 * 3_600_000).toISOString();
  const campaign = await send(
    address,
    'POST',
    path,
    {
      ...{ title: `A violin for ${name}`, description: 'She practises on a borrowed one.' },
      ...{ goal: 400, category: 'hobbies', deadline },
    },
    token,
  );
  expect(campaign.deadline).toBe(deadline);
  const gift = { amount: 25, comment: 'Play for us!', donor_name: 'Aunt Kate' };
  const gifts = `/campaigns/${campaign.id}/donations/`;
  const before = Date.now();
  const given = await send(address, 'POST', gifts, { ...gift, donor_email: 'kate@example.org' });
  expect(Math.abs(Date.parse(given.date_donated) - before)).toBeLessThan(60_000);
  const found = await send(address, 'GET', `/campaigns/?q=${name.toUpperCase()}`);
  expect(found.map((one: { id: number }) => one.id)).toEqual([campaign.id]);
  const shown = await send(address, 'GET', `/campaigns/${campaign.id}/`);
  expect(shown).toMatchObject({ child_name: 'Mia', total_raised: 25, deadline });
  const csv = await fetch(`${address}/campaigns/${campaign.id}/donations.csv`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  expect(csv.status).toBe(200);
  expect(await csv.text()).toContain('Aunt Kate');
  return { campaign: campaign.id, token };
}

/** Registering takes no key: who asks again asks for another account. */
function newParent(): object {
  const name = `anna-${randomUUID().slice(0, 8)}`;
  const email = `${name}@example.com`;
  return { username: name, email, password: 'correct horse battery', first_name: 'Anna' };
}

/**
 * Sends a request and gives the JSON of the response. On a busy machine the server sheds load: then it is asked again
 * when it says, by the same key, so that nothing is done twice. @throws AssertionError when it isn't a success.
 */
export async function send(
  address: string,
  method: string,
  path: string,
  body?: object | (() => object),
  token?: string,
): Promise<Json> {
  const headers = {
    'Content-Type': 'application/json',
    ...(method === 'POST' && { 'Idempotency-Key': randomUUID() }),
    ...(token && { Authorization: `Bearer ${token}` }),
  };
  const request = () => ({
    method,
    ...(body && { body: JSON.stringify(typeof body === 'function' ? body() : body) }),
  });
  for (;;) {
    const response = await fetch(address + path, { ...request(), headers });
    const text = await response.text();
    if (response.status === 503 && response.headers.has('retry-after')) {
      await wait(Number(response.headers.get('retry-after')) * 1_000);
      continue;
    }
    expect([response.status, text]).toEqual([expect.toSatisfy((code) => code < 300), text]);
    return JSON.parse(text);
  }
}
