import { createHash } from 'node:crypto';

/** SQL built from constants alone. With a name, PostgreSQL parses and plans it once a connection. */
export interface Statement {
  name?: string;
  text: string;
}

/** Runs a statement and gives its rows. */
export type RunStatement = <Row>(statement: Statement, values: unknown[]) => Promise<Row[]>;

/** The same for a search. Those who wait are served by lanes, in turn. */
export type RunSearch = <Row>(
  statement: Statement,
  values: unknown[],
  lane: string,
) => Promise<Row[]>;

/** Names a statement by its text, so that equal texts share one plan. */
export function statement(text: string): Statement {
  return { name: createHash('sha256').update(text).digest('hex').slice(0, 24), text };
}
