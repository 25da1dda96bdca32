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
  /** In one turn of the event loop, after which nothing more is taken on. */
  longestTurn: number;
  /** For the count of jobs in the metrics; later it is left out. */
  countJobs: number;
}

/** The figures that a server runs with. */
export const DEFAULT_WAITS: Waits = {
  response: 4_700,
  count: 1_000,
  countRecovery: 2_000,
  parentTurn: 2_000,
  comparePassword: 1_500,
  hashPassword: 5_000,
  longestTurn: 300,
  countJobs: 500,
};
