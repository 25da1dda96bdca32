/** Milliseconds that a pool waits for a connection, a lock, a statement, its answer and an idle transaction. */
export interface PoolWaits {
  connection: number;
  /** 0 is without end. */
  lock: number;
  statement: number;
  answer: number;
  transaction: number;
  /** After which a statement is logged as slow. */
  slow: number;
}

/** Milliseconds by which listening for changes shows that it hears. */
export interface ListeningWaits {
  connection: number;
  /** Between two beats. */
  beat: number;
  /** For a beat to arrive: after that the connection is considered dead. */
  answer: number;
  /** Before connecting again. */
  again: number;
}

/** Milliseconds that a client may take. */
export interface ClientWaits {
  /** For the headers, and for the request as a whole. */
  headers: number;
  request: number;
  /** Between two requests. */
  keepAlive: number;
  /** For which nothing may move on a connection while a response is to be taken from it. */
  silence: number;
}

/** Milliseconds after which something is given up or reported. Tests set other figures. */
export interface Waits {
  /** For a response. No single wait for the database is as long, but a request may wait more than once. */
  response: number;
  /** For a rate limit's count in the database, before it is kept in memory. */
  count: number;
  /** For which counts stay in memory once the database failed one. */
  countRecovery: number;
  /** For the turn of a parent who has other requests at work. */
  parentTurn: number;
  /** For bcrypt. Who sets a password has been let in already and may wait longer than who tries one. */
  comparePassword: number;
  hashPassword: number;
  /** For the turn of a receipt to be drawn, and for its drawing. */
  receiptTurn: number;
  drawReceipt: number;
  /** In one turn of the event loop, after which nothing more is taken on. */
  longestTurn: number;
  /** Between looks at how fast a streamed download is taken. */
  downloadSpeed: number;
  /** For the count of jobs in the metrics; later it is left out. */
  countJobs: number;
  /** For the database. Together they bound what any request can wait for it: about five seconds. */
  database: PoolWaits;
  /** For a replica, and for which one that could not answer is left alone: the primary answers meanwhile. */
  replica: PoolWaits;
  replicaRecovery: number;
  /** For the database, of the worker. */
  worker: PoolWaits;
  listening: ListeningWaits;
  client: ClientWaits;
}

const SLOW = 200;

/** The figures that a server runs with. */
export const DEFAULT_WAITS: Waits = {
  response: 4_700,
  count: 1_000,
  countRecovery: 2_000,
  parentTurn: 2_000,
  comparePassword: 1_500,
  hashPassword: 5_000,
  receiptTurn: 2_000,
  drawReceipt: 2_500,
  longestTurn: 300,
  downloadSpeed: 30_000,
  countJobs: 500,
  database: {
    connection: 2_000,
    lock: 3_000,
    statement: 4_000,
    answer: 4_500,
    transaction: 4_500,
    slow: SLOW,
  },
  replica: {
    connection: 1_000,
    lock: 0,
    statement: 1_000,
    answer: 1_500,
    transaction: 0,
    slow: SLOW,
  },
  replicaRecovery: 2_000,
  worker: {
    connection: 2_000,
    lock: 0,
    statement: 4_000,
    answer: 5_000,
    transaction: 0,
    slow: SLOW,
  },
  listening: { connection: 2_000, beat: 1_000, answer: 1_000, again: 500 },
  client: { headers: 10_000, request: 12_000, keepAlive: 65_000, silence: 6_000 },
};
