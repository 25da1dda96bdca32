import type pg from 'pg';

/** PostgreSQL's type of each column. */
export type Columns<Row> = Record<keyof Row & string, string>;

/** The names of columns, as SQL lists them. */
export function columnList(columns: object): string {
  return Object.keys(columns).join(', ');
}

/**
 * Stores the rows by one statement, whatever their number, and gives their ids in the same order: the
 * sequence is asked row by row.
 */
export async function insertRows<Row extends object>(
  client: pg.Client,
  table: string,
  columns: Columns<Row>,
  rows: readonly Row[],
): Promise<number[]> {
  const names = Object.keys(columns) as (keyof Row & string)[];
  const list = columnList(columns);
  const arrays = names.map((name, index) => `$${index + 1}::${columns[name]}[]`).join(', ');
  const stored = await client.query<[number]>({
    text: `INSERT INTO ${table} (${list})
           SELECT ${list} FROM unnest(${arrays}) WITH ORDINALITY AS given (${list}, place)
            ORDER BY place RETURNING id`,
    values: names.map((name) => rows.map((row) => row[name])),
    rowMode: 'array',
  });
  return stored.rows.map(([id]) => id);
}
