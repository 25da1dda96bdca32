import { readConfig } from '../../dist/config/config.js';
import { SEARCH_BOUNDS } from '../../dist/database/searching.js';
import { authenticate } from '../../dist/features/accounts/auth/auth.service.js';
import { findCampaign } from '../../dist/features/fundraising/campaigns/campaigns.queries.js';
import { BrowseQuery } from '../../dist/features/fundraising/campaigns/campaigns.schemas.js';
import { browseCampaigns } from '../../dist/features/fundraising/campaigns/campaigns.service.js';
import { findDonations } from '../../dist/features/giving/donations/donations.queries.js';
import { donate } from '../../dist/features/giving/donations/donations.service.js';
import { findFamily } from '../../dist/features/dashboard/dashboard.queries.js';
import { verifyAccess } from '../../dist/features/accounts/sessions/tokens.js';

const settings = { ...readConfig({}), search: SEARCH_BOUNDS };

/** What a visitor's search sends. */
export function ofSearch(path) {
  const query = BrowseQuery.parse(
    Object.fromEntries(new URL(path, 'http://localhost').searchParams),
  );
  return sentBy((ctx) => browseCampaigns(ctx, query));
}

/** What a visitor's request for a campaign sends to the database. */
export function ofCampaign(id) {
  return sentBy((ctx) => findCampaign(ctx, id));
}

/** What a visitor's request for a page of a campaign's gifts sends. */
export function ofDonations(id, pageSize) {
  return sentBy((ctx) => findDonations(ctx, id, { page_size: pageSize }));
}

/** What a guest's gift sends. */
export function ofGift(id, gift) {
  return sentBy((ctx) => donate(ctx, id, gift));
}

/** What a parent's dashboard sends: first who asks, then the family. */
export async function ofDashboard(access, jwtSecret) {
  const { parentId } = verifyAccess(access, new Date(), jwtSecret);
  const signing = { settings: { ...settings, jwtSecret } };
  return [
    ...(await sentBy((ctx) => authenticate({ ...ctx, ...signing }, `Bearer ${access}`))),
    ...(await sentBy((ctx) => findFamily({ ...ctx, parent: { id: parentId } }))),
  ];
}

/** The statements that the project's own code sends, with their values, taken down instead of answered. */
async function sentBy(work) {
  const sent = [];
  const query = async (statement, values) => {
    sent.push({ ...statement, values });
    return [];
  };
  // An empty answer may well be refused; what was asked is taken down by then.
  await work({
    db: { query, search: query },
    settings,
    now: new Date(),
    parent: null,
    client: {},
  }).catch(() => undefined);
  if (sent.length === 0) throw new Error(`No statement is sent by ${work}`);
  return sent;
}
