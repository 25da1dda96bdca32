import { registerFamily } from './family.mjs';
import { donationsPath, PAGE, popularCampaigns, readsOf } from './reads.mjs';
import { ofCampaign, ofDashboard, ofDonations, ofGift, ofSearch } from './statements.mjs';

const GIFT = {
  amount: 1,
  comment: 'From the bench',
  donor_name: 'A friend',
  donor_email: 'bench@example.com',
};

/** What is measured, in this order. Giving comes after the reads, and a family is registered last. */
export const GROUPS = ['browse', 'search', 'detail', 'donations', 'donate', 'dashboard'];

/**
 * What is measured of a group: each target with its requests, the floor it is held against, what that floor
 * needs for it, and the share of the floor's requests a second that it shall reach.
 */
export async function targetsOf(group, { address, jwtSecret }) {
  if (group === 'donate') return [await giving(address)];
  if (group === 'dashboard') return [await dashboard(address, jwtSecret)];
  const reads = (await readsOf(address)).filter((read) => read.group === group);
  return Promise.all(reads.map(async (read) => ({ ...read, ...(await floorOf(read, address)) })));
}

async function floorOf({ group, requests }, address) {
  const statements = (of) => statementsOf(requests, ({ campaign }) => of(campaign));
  switch (group) {
    case 'browse':
      return { floor: 'constant', goal: 0.7, task: await answerOf(address, requests[0].path) };
    case 'search': {
      const sent = await statementsOf(requests, ({ path }) => ofSearch(path));
      return { floor: 'sql', goal: 0.7, task: sent };
    }
    case 'detail':
      return { floor: 'sql', goal: 0.7, task: await statements(ofCampaign) };
    case 'donations':
      return { floor: 'sql', goal: 0.7, task: await statements((id) => ofDonations(id, PAGE)) };
    default:
      return {};
  }
}

async function giving(address) {
  const requests = (await popularCampaigns(address)).map((campaign) => ({
    method: 'POST',
    path: donationsPath(campaign),
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(GIFT),
    campaign,
  }));
  const task = await statementsOf(requests, ({ campaign }) => ofGift(campaign, GIFT));
  return { name: 'giving, as a guest', requests, floor: 'insert', goal: 0.6, task };
}

async function dashboard(address, jwtSecret) {
  const access = await registerFamily(address);
  const headers = { Authorization: `Bearer ${access}` };
  const requests = [{ path: '/parents/me/', headers }];
  const task = await statementsOf(requests, () => ofDashboard(access, jwtSecret));
  return { name: "a parent's dashboard", requests, floor: 'sql', goal: 0.6, task };
}

async function answerOf(address, path) {
  const response = await fetch(address + path);
  return { answer: await response.text() };
}

/** The statements of each request, by its path. */
async function statementsOf(requests, of) {
  const entries = requests.map(async (request) => [request.path, await of(request)]);
  return { statements: Object.fromEntries(await Promise.all(entries)) };
}
