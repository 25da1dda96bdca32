import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { migrate } from '../src/database/migrate.js';

const MIGRATIONS = fileURLToPath(new URL('../prisma/migrations/', import.meta.url));

/** Runs `work` in a database of its own that has the migrations before the one of that name. */
async function before(
  migration: string,
  work: (client: pg.Client, url: string) => Promise<void>,
): Promise<void> {
  const url = new URL(inject('templateUrl'));
  const name = `names_${randomUUID().replaceAll('-', '')}`;
  const server = new pg.Client(new URL('/postgres', url).href);
  const folder = await mkdtemp(join(tmpdir(), 'dreamjar-names-'));
  await server.connect();
  await server.query(`CREATE DATABASE ${name} TEMPLATE template0`);
  url.pathname = `/${name}`;
  const client = new pg.Client(url.href);
  await client.connect();
  try {
    for (const one of await readdir(MIGRATIONS)) {
      if (one < migration) await cp(join(MIGRATIONS, one), join(folder, one), { recursive: true });
    }
    await migrate(url.href, folder);
    await work(client, url.href);
  } finally {
    await client.end();
    await server.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await server.end();
    await rm(folder, { recursive: true });
  }
}

test('children that are there get the public name that the new rule gives, in search too', () =>
  before('20261128050600', async (client, url) => {
    await client.query(
      `INSERT INTO parents (username, email, google_sub) VALUES ('anna', 'a@b.example', 'x');
       INSERT INTO children (parent_id, name, first_name, date_of_birth) VALUES
         (1, 'Mia Sommer', 'Mia', '2020-01-01'), (1, 'Sommer, Mia', 'Sommer,', '2020-01-01'),
         (1, U&'Mia\\115FSommer', U&'Mia\\115FSommer', '2020-01-01'),
         (1, U&'\\115F\\115F', U&'\\115F\\115F', '2020-01-01'), (1, '王小明', '王小明', '2020-01-01'),
         (1, repeat('x', 100), repeat('x', 100), '2020-01-01');
       INSERT INTO campaigns (child_id, title, description, goal, category)
       SELECT id, 't', 'd', 5, 'health' FROM children`,
    );
    await migrate(url);
    const { rows } = await client.query<{ shown: string; found: string }>(
      `SELECT ch.public_name AS shown, s.text AS found
         FROM children ch JOIN campaigns c ON c.child_id = ch.id JOIN campaign_search s ON s.campaign_id = c.id
        ORDER BY ch.id`,
    );
    const names = ['Mia', 'Mia', 'Mia', 'A child', '明', 'x'.repeat(50)];
    expect(rows.map(({ shown }) => shown)).toEqual(names);
    expect(rows.map(({ found }) => found)).toEqual(
      names.map((name) => `t\nd\n${name.toLowerCase()}`),
    );
  }));

test('a default that shows a surname is made anew, and a name that the parent chose stays', () =>
  before('20261128081800', async (client, url) => {
    await client.query(
      `INSERT INTO parents (username, email, google_sub) VALUES ('anna', 'a@b.example', 'x');
       INSERT INTO children (parent_id, name, public_name, date_of_birth)
       SELECT 1, name, coalesce(chosen, default_public_name(name)), '2020-01-01'
         FROM (VALUES (1, 'Emma李', NULL), (2, 'Emma李', 'Emmi'), (3, 'Emma李', 'Emma'), (4, '王小明', NULL),
                      (5, '王小明', '小明'), (6, U&'Sommer\\2E49Mia', NULL), (7, 'Mia Sommer', NULL))
              AS child (at, name, chosen) ORDER BY at`,
    );
    const shown = async () => {
      const all = await client.query<{ public_name: string; tuple: string }>(
        'SELECT public_name, ctid::text AS tuple FROM children ORDER BY id',
      );
      return all.rows;
    };
    const former = await shown();
    expect(former.map(({ public_name }) => public_name)).toContain('a李');
    await migrate(url);
    const now = await shown();
    expect(now.map(({ public_name }) => public_name)).toEqual([
      'Emma',
      'Emmi',
      'Emma',
      '明',
      '小明',
      'Mia',
      'Mia',
    ]);
    const written = now.flatMap(({ tuple }, at) => (tuple === former[at]?.tuple ? [] : [at]));
    expect(written).toEqual([0, 5]);
  }));

test('a default with a separator in it is made anew, and a name that the parent chose stays', () =>
  before('20261128114700', async (client, url) => {
    await client.query(
      `INSERT INTO parents (username, email, google_sub) VALUES ('anna', 'a@b.example', 'x');
       INSERT INTO children (parent_id, name, public_name, date_of_birth)
       SELECT 1, name, coalesce(chosen, default_public_name(name)), '2020-01-01'
         FROM (VALUES (1, 'Sommer; Mia', NULL), (2, 'Mia/Sommer', NULL), (3, 'Mia_Sommer', 'Mimi'))
              AS child (at, name, chosen) ORDER BY at`,
    );
    await migrate(url);
    const { rows } = await client.query<{ shown: string }>(
      'SELECT public_name AS shown FROM children ORDER BY id',
    );
    expect(rows.map(({ shown }) => shown)).toEqual(['Mia', 'Mia', 'Mimi']);
  }));
