/** Runs a statement and gives its rows. */
export type RunSql = <Row = Record<string, unknown>>(
  text: string,
  values?: unknown[],
) => Promise<Row[]>;
