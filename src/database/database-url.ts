/** What a database's URL says, beyond what the driver reads of it. */
export interface DatabaseTarget {
  /** For the driver: with nothing in it that would change how we use a connection. */
  connectionString: string;
  /** The schema that everything of ours is in; absent: the first of the role's search path. */
  schema: string | undefined;
  /** Whether a pooler in between lends a connection for one transaction at a time. */
  byTransaction: boolean;
}

/** Where to connect and how: what else a URL may hold, such as timeouts, is ours to decide. */
const FOR_THE_DRIVER = new Set([
  ...['host', 'port', 'user', 'password', 'options', 'sslnegotiation'],
  ...['ssl', 'sslmode', 'sslcert', 'sslkey', 'sslrootcert', 'uselibpqcompat'],
]);

/** In all of these the driver does what verify-full means, and warns at length that it will not always. */
const VERIFYING = ['prefer', 'require', 'verify-ca'];

/** Reads a URL. `schema` and `pgbouncer=true` are the parameters that Prisma knows by these names. */
export function readDatabaseUrl(url: string): DatabaseTarget {
  const { address, parameters } = partsOf(url);
  const kept = new URLSearchParams([...parameters].filter(([name]) => FOR_THE_DRIVER.has(name)));
  if (VERIFYING.includes(kept.get('sslmode') ?? '') && kept.get('uselibpqcompat') !== 'true') {
    kept.set('sslmode', 'verify-full');
  }
  return {
    connectionString: kept.size > 0 ? `${address}?${kept.toString()}` : address,
    schema: parameters.get('schema') || undefined,
    byTransaction: parameters.get('pgbouncer') === 'true',
  };
}

/** The URL with what was found out about its database, so that whoever is given it knows. */
export function settledUrl(
  url: string,
  { schema, byTransaction }: Pick<DatabaseTarget, 'schema' | 'byTransaction'>,
): string {
  const { address, parameters } = partsOf(url);
  if (schema !== undefined) parameters.set('schema', schema);
  if (byTransaction) parameters.set('pgbouncer', 'true');
  return parameters.size > 0 ? `${address}?${parameters.toString()}` : address;
}

/** Not by URL, which refuses `user@/name`, PostgreSQL's way to name the local socket. */
function partsOf(url: string): { address: string; parameters: URLSearchParams } {
  const mark = url.indexOf('?');
  if (mark < 0) return { address: url, parameters: new URLSearchParams() };
  return {
    address: url.slice(0, mark),
    parameters: new URLSearchParams(url.slice(mark + 1)),
  };
}
