import { beforeAll, expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { erasures, runErasure } from './support/erasing.js';
import { addChild, donate, openJar, registerParent, type TestParent } from './support/factories.js';

/** With one connection, so that it can be told to publish what it has counted. */
const api = useApi({ poolSize: 1 });

const MANY = 20_000;

let owner: TestParent;

/** Nearly all donations and stored responses are of one campaign, and of one donor or one address. */
beforeAll(async () => {
  const { parent, child, campaign } = await openJar(api);
  owner = parent;
  const donor = await registerParent(api);
  await api.database.sql(
    `WITH gift AS (
       INSERT INTO donations (campaign_id, donor_id, amount, donor_name, donor_email)
       SELECT $1, CASE n % 2 WHEN 0 THEN $2::int END, 5, 'Dora', CASE n % 2 WHEN 1 THEN 'guest@example.org' END
         FROM generate_series(1, $4::int) n RETURNING id)
     INSERT INTO idempotent_requests (scope, body_hash, route, status, answer, campaign_id, child_id, donation_id, parent_id)
     SELECT sha256(id::text::bytea), sha256('x'), 'POST /x/', 201, '{}', $1, $3, id, $2 FROM gift`,
    [campaign.id, donor.id, child.id, MANY],
  );
  await api.database.sql('VACUUM ANALYZE donations, idempotent_requests');
});

/** How many rows and index entries of both tables have been read. */
async function rowsRead(): Promise<number> {
  await api.db.query({ text: 'SELECT pg_stat_force_next_flush()' }, []);
  const [row] = await api.database.sql<{ read: number }>(
    `SELECT ((SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname = ANY ($1))
           + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = ANY ($1)))::int AS read`,
    [['donations', 'idempotent_requests']],
  );
  return row!.read;
}

test('deleting a child with many campaigns that nobody gave to reads no donations of others', async () => {
  const child = await addChild(api, owner);
  await api.database.sql(
    `INSERT INTO campaigns (child_id, title, description, goal, category, is_open)
     SELECT $1, 'Boots', 'A story', 100, 'sports', false FROM generate_series(1, 100)`,
    [child.id],
  );
  const before = await rowsRead();
  await api.delete(`/children/${child.id}/`, owner.access).expect(204);
  expect((await rowsRead()) - before).toBeLessThan(100);
});

test('deleting accounts that gave once, or never, reads no donations of others', async () => {
  const { parent, campaign } = await openJar(api);
  const donors = [];
  // More than the five times for which PostgreSQL plans anew.
  for (let n = 0; n < 8; n += 1) donors.push(await registerParent(api));
  for (const donor of donors) {
    await api.database.sql('UPDATE parents SET email_verified_at = now() WHERE id = $1', [
      donor.id,
    ]);
  }
  for (const donor of donors.slice(4)) {
    await donate(api, campaign, {}, donor);
    await donate(api, campaign, { donor_email: donor.email });
  }
  const before = await rowsRead();
  for (const donor of donors) await api.delete('/parents/me/', donor.access).expect(204);
  await api.put(`/campaigns/${campaign.id}/`, { is_open: false }, parent.access).expect(200);
  await api.delete(`/campaigns/${campaign.id}/`, parent.access).expect(204);
  await runErasure(api);
  expect(await erasures(api)).toEqual([]);
  expect((await rowsRead()) - before).toBeLessThan(1_000);
});
