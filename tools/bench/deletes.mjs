import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { registerFamily } from './family.mjs';
import { donationsPath, popularCampaigns } from './reads.mjs';
import { medianOf } from './rounds.mjs';
import { startServer } from './server.mjs';

/** The campaigns and donations of everybody else. */
const OTHERS = { campaigns: 1_000, donations: 100_000 };

/** Seconds that a deletion may take, minutes for all that hangs on it, and the share of its rate that giving keeps. */
const GOALS = { deletion: 1, detached: 10, giving: 0.8 };

/** Donations that one statement plants. */
const CHUNK = 50_000;

/** Milliseconds: how often it is looked whether all is detached. */
const LOOK = 250;

/**
 * Deletes a campaign with many donations, half of them by the owner's account, then its child, then the account, while
 * others go on giving to other campaigns.
 */
export async function measureDeletes(bench) {
  const { options, postgres, fire } = bench;
  const databaseUrl = await postgres.copy(OTHERS);
  const server = await startServer(bench, databaseUrl);
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => undefined);
  await client.connect();
  bench.onEnd(() => client.end());

  const family = await openFamily(server.address);
  console.error(`Giving ${options.donations} donations to one campaign …`);
  await plant(client, family, options.donations);
  await family.send('PATCH', `/campaigns/${family.campaign}/`, { is_open: false });
  const give = await giving(server.address);
  const round = () => fire({ ...give, connections: options.connections, seconds: options.seconds });

  await round();
  const before = [];
  for (let n = 0; n < options.rounds; n += 1) before.push((await round()).perSecond);

  console.error('Deleting the campaign, the child and the account …');
  const began = performance.now();
  const deletions = [];
  const during = [];
  for (const [name, path] of [
    ['campaign', `/campaigns/${family.campaign}/`],
    ['child', `/children/${family.child}/`],
    ['account', '/parents/me/'],
  ]) {
    const fired = round();
    await wait(500);
    const start = performance.now();
    await family.send('DELETE', path);
    deletions.push({ name, seconds: (performance.now() - start) / 1000 });
    during.push((await fired).perSecond);
  }
  let isDone = false;
  const allDetached = untilDetached(client, began).finally(() => (isDone = true));
  while (!isDone) during.push((await round()).perSecond);
  const minutes = (await allDetached) / 60_000;
  const ratio = medianOf(during) / medianOf(before);
  return {
    targets: [],
    costs: [
      ...deletions.map(({ name, seconds }) =>
        cost(`deleting the ${name}`, seconds, 's', GOALS.deletion, seconds < GOALS.deletion),
      ),
      cost('all detached after', minutes, 'min', GOALS.detached, minutes < GOALS.detached),
    ],
    giving: {
      before: medianOf(before),
      during: medianOf(during),
      ratio,
      goal: GOALS.giving,
      met: ratio >= GOALS.giving,
    },
  };
}

function cost(name, figure, unit, goal, met) {
  return { name, figure, unit, goal, met };
}

/** A family of its own through the API, and a way to speak for its parent. */
async function openFamily(address) {
  const access = await registerFamily(address);
  const send = async (method, path, body) => {
    const headers = { Authorization: `Bearer ${access}`, 'Content-Type': 'application/json' };
    const response = await fetch(address + path, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path} is answered ${response.status}`);
    return response.status === 204 ? undefined : response.json();
  };
  const { id, children } = await send('GET', '/parents/me/');
  // A child goes only when none of its campaigns is open.
  for (const { campaigns } of children) {
    for (const one of campaigns) {
      if (one !== children[0].campaigns[0]) {
        await send('PATCH', `/campaigns/${one.id}/`, { is_open: false });
      }
    }
  }
  return { id, child: children[0].id, campaign: children[0].campaigns[0].id, send };
}

/** Half by the parent, half by guests; each fifth is anonymous, and each third has a comment. */
async function plant(client, { id, campaign }, donations) {
  for (let planted = 0; planted < donations; planted += CHUNK) {
    await client.query(
      `INSERT INTO donations (campaign_id, donor_id, amount, donor_name, donor_email, anonymous, comment)
       SELECT $1, CASE WHEN n % 2 = 0 THEN $2::int END, 1 + n % 90, 'Kim',
              CASE WHEN n % 2 = 1 THEN 'guest-' || n || '@example.com' END, n % 5 = 0,
              CASE WHEN n % 3 = 0 THEN 'Good luck!' ELSE '' END
         FROM generate_series($3::int + 1, $4::int) n`,
      [campaign, id, planted, Math.min(donations, planted + CHUNK)],
    );
  }
  await client.query('ANALYZE donations');
  await client.query('CHECKPOINT').catch(() => undefined);
}

async function giving(address) {
  const gift = { amount: 1, donor_name: 'A friend', donor_email: 'bench@example.com' };
  const requests = (await popularCampaigns(address)).map((campaign) => ({
    method: 'POST',
    path: donationsPath(campaign),
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(gift),
  }));
  return { address, requests };
}

/** Milliseconds since a moment until nothing that was deleted is referred to any more. */
async function untilDetached(client, began) {
  for (;;) {
    const { rows } = await client.query('SELECT EXISTS (SELECT FROM erasures) AS waiting');
    if (!rows[0].waiting) return performance.now() - began;
    await wait(LOOK);
  }
}
