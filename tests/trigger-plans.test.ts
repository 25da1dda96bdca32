import pg from 'pg';
import { expect, test } from 'vitest';
import { useApi } from './support/api.js';
import { donate, openJar } from './support/factories.js';

const api = useApi();

/** What PostgreSQL logs about the plans of triggers that compare the rows before and after a statement. */
async function plansOfComparing(statement: string, id: number): Promise<string[]> {
  const client = new pg.Client({ connectionString: api.database.url });
  await client.connect();
  try {
    await client.query("LOAD 'auto_explain'");
    await client.query(`SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on;
                        SET client_min_messages = log`);
    const plans: string[] = [];
    client.on('notice', ({ message }) => plans.push(message ?? ''));
    await client.query(statement, [id]);
    return plans.filter((plan) => plan.includes('JOIN removed'));
  } finally {
    await client.end();
  }
}

test('a plan for a change of one row, which the session keeps, fits one of thousands', async () => {
  const { campaign } = await openJar(api);
  const { id } = await donate(api, campaign);
  const plans = [
    ...(await plansOfComparing("UPDATE donations SET comment = 'x' WHERE id = $1", id)),
    ...(await plansOfComparing("UPDATE campaigns SET title = 'x' WHERE id = $1", campaign.id)),
  ];
  // Of the donation two, of the totals that may have changed with it one, of the campaign one.
  expect(plans).toHaveLength(4);
  for (const plan of plans) expect(plan).not.toContain('Nested Loop');
});
