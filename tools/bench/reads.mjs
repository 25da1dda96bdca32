import { CATEGORIES, SORTS } from '../../dist/features/fundraising/campaigns/campaigns.schemas.js';

/** Campaigns that details and gifts are asked of, in turn: those that most people look at. */
const CAMPAIGNS = 100;

export const PAGE = 20;

/** A word of some campaigns, several words, one of few campaigns, and one that none holds. */
const SEARCHES = [
  ['search, a word', 'football'],
  ['search, several words', 'the+football+would'],
  ['search, a rare word', 'astronauts'],
  ['search, in vain', 'xq'],
];

/**
 * The public reads of a server, its ids found by browsing. Each has a `group` by which it can be chosen, and
 * the requests that are made in turn; those of one campaign say which.
 */
export async function readsOf(address) {
  const browse = `/campaigns/?page_size=${PAGE}`;
  const read = (group, name, path) => ({ group, name, requests: [{ path }] });
  const popular = await popularCampaigns(address);
  const ofEach = (group, name, pathOf) => {
    const requests = popular.map((campaign) => ({ path: pathOf(campaign), campaign }));
    return { group, name, requests };
  };
  return [
    ...SORTS.map((sort) => read('browse', `browse, ${spoken(sort)}`, `${browse}&sort=${sort}`)),
    ...CATEGORIES.map((one) => read('browse', `browse, ${one}`, `${browse}&category=${one}`)),
    ...SEARCHES.map(([name, q]) => read('search', name, `${browse}&q=${q}`)),
    ofEach('detail', "a campaign's page", (id) => `/campaigns/${id}/`),
    ofEach('donations', "a campaign's gifts", (id) => `${donationsPath(id)}?page_size=${PAGE}`),
  ];
}

/** Where a campaign's gifts are read and given. */
export function donationsPath(id) {
  return `/campaigns/${id}/donations/`;
}

/** The ids of the open campaigns that got the most. */
export async function popularCampaigns(address, count = CAMPAIGNS) {
  const response = await fetch(`${address}/campaigns/?sort=most_funded&page_size=${count}`);
  if (!response.ok) throw new Error(`browsing is answered ${response.status}`);
  const campaigns = await response.json();
  if (campaigns.length === 0) throw new Error('there are no open campaigns');
  return campaigns.map(({ id }) => id);
}

/** The path of a page of a campaign's gifts with so many pages of a hundred before it. */
export async function deepPage(address, id, pages) {
  let url = `${address}${donationsPath(id)}?page_size=100`;
  for (let i = 0; i < pages; i += 1) {
    const response = await fetch(url);
    await response.arrayBuffer();
    const next = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
    if (!next) throw new Error(`the gifts of campaign ${id} end after ${i + 1} pages`);
    url = new URL(next, url).href;
  }
  const deep = new URL(url);
  deep.searchParams.set('page_size', String(PAGE));
  return deep.pathname + deep.search;
}

function spoken(sort) {
  return sort.replaceAll('_', ' ');
}
