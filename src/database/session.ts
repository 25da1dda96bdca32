import pg from 'pg';
import { readDatabaseUrl } from './database-url.js';

/** Milliseconds that a statement, a lock and an idle transaction may take; 0 is without end. */
export interface Timeouts {
  statement: number;
  lock: number;
  transaction: number;
}

/** For work that takes as long as it takes, such as a migration. */
export const NO_TIMEOUTS: Timeouts = { statement: 0, lock: 0, transaction: 0 };

/**
 * The settings of a session that the code relies on, whatever the role, the database, the URL, PGOPTIONS or a
 * pooler say. Each is set when a connection is opened (docs/adr/024).
 */
export const RELIED_ON: Record<string, string> = {
  // What values look like on the wire; Prisma writes moments without their offset.
  TimeZone: 'UTC',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  client_encoding: 'UTF8',
  bytea_output: 'hex',
  extra_float_digits: '1',
  // What SQL means.
  standard_conforming_strings: 'on',
  transform_null_equals: 'off',
  array_nulls: 'on',
  quote_all_identifiers: 'off',
  row_security: 'on',
  gin_fuzzy_search_limit: '0',
  plan_cache_mode: 'auto',
  // How transactions behave, and that a failure ends a statement and not the session.
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  exit_on_error: 'off',
  idle_session_timeout: '0',
  transaction_timeout: '0',
};

/** Relied on too, but somebody's decision: the start is refused. The first would also need a superuser. */
export const NEVER_SET: Record<string, string> = {
  session_replication_role: 'origin',
  default_transaction_read_only: 'off',
};

/**
 * Some are unknown to older versions. A gift that is answered must outlive a crash: only `off` is changed, for the
 * other values all wait for the disk. An extension may lie in a schema of its own.
 */
const SET = `
  SELECT set_config(name, value, false) FROM unnest($1::text[], $2::text[]) AS relied_on(name, value)
   WHERE current_setting(name, true) IS NOT NULL
  UNION ALL
  SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
  UNION ALL
  SELECT set_config('search_path', concat_ws(', ', quote_ident(ours.schema),
           (SELECT quote_ident(nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
             WHERE extname = 'pg_trgm' AND nspname NOT IN (ours.schema, 'pg_catalog'))), false)
    FROM (SELECT coalesce($3::text, current_schema()::text) AS schema) ours WHERE ours.schema IS NOT NULL`;

/** What could end the start's first statements, before a session is set. */
const ENDS_STATEMENTS = [
  'statement_timeout',
  'lock_timeout',
  'transaction_timeout',
  'idle_session_timeout',
  'idle_in_transaction_session_timeout',
];

/** Whether start-up options, of a URL or of PGOPTIONS, set a name: `-c name=1`, or `--name=1` with hyphens. */
export function isSetBy(options: string | undefined, name: string): boolean {
  const spelled = name.replaceAll('_', '[_-]');
  return new RegExp(`(?<![\\w-])(-c\\s*|--)${spelled}\\s*=`, 'i').test(options ?? '');
}

/** PgBouncer hands these on to whichever connection it lends. */
const STARTUP = ['TimeZone', 'DateStyle', 'client_encoding', 'standard_conforming_strings'];

type AnyFunction = (...values: unknown[]) => unknown;

type Connected = ((error: Error) => void) & ((error: null, client: pg.Client) => void);

declare module 'pg' {
  interface ClientBase {
    /** The start-up message's parameters: pg's own method, which its types leave out. */
    getStartupConf(): Record<string, string>;
    /** The process that serves the session, as whoever answered at the other end calls it. */
    processID: number | null;
  }
}

/** How to connect: for `new SessionClient`, or for a pool beside `Client: SessionClient`. */
export interface SessionConfig extends pg.ClientConfig {
  schema: string | undefined;
  byTransaction: boolean;
  /** What this connection sets beside what all rely on. */
  settings: Record<string, string>;
}

/** How to connect by a URL. `more` are settings beside the timeouts. */
export function sessionConfig(
  url: string,
  { statement, lock, transaction }: Timeouts,
  more: Record<string, string> = {},
): SessionConfig {
  return {
    ...readDatabaseUrl(url),
    application_name: 'dreamjar',
    keepAlive: true,
    settings: {
      // Compiling a plan takes longer than any statement here.
      jit: 'off',
      statement_timeout: String(statement),
      lock_timeout: String(lock),
      idle_in_transaction_session_timeout: String(transaction),
      ...more,
    },
  };
}

/**
 * A connection whose session is as the code relies on before anything else is said in it. Behind a pooler that lends
 * connections by the transaction there is no session to set: statements have no names there, and each transaction
 * brings its own settings.
 */
export class SessionClient extends pg.Client {
  readonly byTransaction: boolean;
  readonly #schema: string | undefined;
  readonly #settings: Record<string, string>;
  readonly #longestSetting: number;

  constructor(config: SessionConfig) {
    super(config);
    this.byTransaction = config.byTransaction;
    this.#schema = config.schema;
    this.#settings = config.settings;
    this.#longestSetting = config.connectionTimeoutMillis ?? 10_000;
    // A connection that breaks in use fails its query; unheard, the event would end the process.
    this.on('error', () => undefined);
    if (this.byTransaction) sendNothingThatLasts(this, config.settings);
  }

  override connect(): Promise<pg.Client>;
  override connect(callback: Connected): void;
  override connect(callback?: Connected): Promise<pg.Client> | void {
    const connected = super.connect().then(() => this.#prepare());
    if (!callback) return connected;
    connected.then(
      () => process.nextTick(callback, null, this),
      (error: unknown) => process.nextTick(callback, error),
    );
  }

  override getStartupConf(): Record<string, string> {
    const { options, ...others } = super.getStartupConf();
    const endless = ENDS_STATEMENTS.filter((name) => isSetBy(options, name));
    const lasting = STARTUP.map((name) => [name, RELIED_ON[name]] as const);
    return {
      ...others,
      // The last value of a name counts. What is not set there is not sent: PgBouncer would refuse it.
      ...(options && { options: [options, ...endless.map((name) => `-c ${name}=0`)].join(' ') }),
      ...(this.byTransaction && (Object.fromEntries(lasting) as Record<string, string>)),
    };
  }

  async #prepare(): Promise<pg.Client> {
    if (this.byTransaction) return this;
    const settings = { ...RELIED_ON, ...this.#settings };
    const values = [Object.keys(settings), Object.values(settings), this.#schema ?? null];
    try {
      await this.query({
        text: SET,
        values,
        query_timeout: this.#longestSetting,
      } as pg.QueryConfig);
      return this;
    } catch (error) {
      await this.end().catch(() => undefined);
      throw error;
    }
  }
}

/** Statements go without their names, and a transaction begins with its settings, in the same message. */
function sendNothingThatLasts(client: pg.Client, settings: Record<string, string>): void {
  const set = Object.entries(settings).map(([name, value]) => `SET LOCAL ${name} = '${value}'`);
  const begin = ['BEGIN', ...set].join('; ');
  const query = client.query.bind(client) as AnyFunction;
  client.query = ((asked: string | pg.QueryConfig, ...rest: unknown[]) => {
    const text = typeof asked === 'string' ? asked : asked.text;
    if (/^\s*begin\s*;?\s*$/i.test(text)) {
      return query(begin, ...rest.filter((value) => typeof value === 'function'));
    }
    const named = typeof asked === 'object' && asked.name !== undefined;
    return query(named ? { ...asked, name: undefined } : asked, ...rest);
  }) as typeof client.query;
}

/** For a pool's `Client`. Its type speaks of a constructor without arguments, and is given the pool's options. */
export const SESSION_CLIENT = SessionClient as unknown as new () => pg.ClientBase;
