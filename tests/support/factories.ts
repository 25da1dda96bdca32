import type { Api } from './api.js';

let counter = 0;

export interface TestParent {
  id: number;
  username: string;
  email: string;
  password: string;
  access: string;
  refresh: string;
}

/** Registers a parent whom nobody else has. */
export async function registerParent(api: Api, fields: object = {}): Promise<TestParent> {
  counter += 1;
  const unique = `${process.pid}-${counter}`;
  const input = {
    username: `parent-${unique}`,
    email: `parent-${unique}@example.com`,
    password: 'correct horse battery',
    ...fields,
  };
  const { body } = await api.post('/parents/', input).expect(201);
  return { ...input, id: body.user.id, access: body.access, refresh: body.refresh };
}

export interface TestChild {
  id: number;
  name: string;
}

/** Adds a child of nine years to a parent's family. */
export async function addChild(
  api: Api,
  parent: TestParent,
  fields: object = {},
): Promise<TestChild> {
  const input = { name: 'Mia Sommer', date_of_birth: yearsAgo(9), ...fields };
  const { body } = await api.post('/parents/me/children/', input, parent.access).expect(201);
  return body as TestChild;
}

export interface TestCampaign {
  id: number;
  title: string;
  goal: number;
}

/** Opens a campaign for a child. */
export async function openCampaign(
  api: Api,
  parent: TestParent,
  child: TestChild,
  fields: object = {},
): Promise<TestCampaign> {
  const input = {
    title: 'A violin of her own',
    description: 'She practises on a borrowed one.',
    goal: 400,
    category: 'hobbies',
    ...fields,
  };
  const { body } = await api
    .post(`/children/${child.id}/campaigns/`, input, parent.access)
    .expect(201);
  return body as TestCampaign;
}

/** A parent with one child and one open campaign. */
export async function openJar(api: Api, fields: object = {}) {
  const parent = await registerParent(api);
  const child = await addChild(api, parent);
  const campaign = await openCampaign(api, parent, child, fields);
  return { parent, child, campaign };
}

/** A gift of a guest. */
export function guestGift(fields: object = {}) {
  return { amount: 25, donor_name: 'Aunt Kate', donor_email: 'kate@example.org', ...fields };
}

/** Gives to a campaign, as a guest or as a parent. */
export async function donate(
  api: Api,
  campaign: TestCampaign,
  fields: object = {},
  parent?: TestParent,
): Promise<{ id: number }> {
  const input = parent ? { amount: 25, ...fields } : guestGift(fields);
  const path = `/campaigns/${campaign.id}/donations/`;
  const { body } = await api.post(path, input, parent?.access).expect(201);
  return body as { id: number };
}

/** The date so many years before today, in UTC. */
export function yearsAgo(years: number): string {
  const date = new Date();
  date.setUTCFullYear(date.getUTCFullYear() - years);
  return date.toISOString().slice(0, 10);
}
