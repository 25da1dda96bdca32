/** What is known of a failure of the database, whether `pg` or Prisma reported it. */
export interface DatabaseFailure {
  /** The five characters of PostgreSQL's SQLSTATE (appendix A of its manual). */
  sqlState: string | undefined;
  /** The violated constraint or unique index. */
  constraint: string | undefined;
  /** What Prisma or Node call it: P1001, ECONNREFUSED, DatabaseNotReachable … */
  names: string[];
  messages: string[];
}

const SQLSTATE = /^[0-9A-Z]{5}$/;

/** Connection lost, out of resources, shutting down, read-only for now, timed out, or unlucky in a lock: worth another try. */
const PASSING_STATES = /^(08|53|57P|57014|25006|55P03|40P01|40001)/;

const PASSING_NAMES =
  /^(E(CONN\w+|PIPE|TIMEDOUT|NOTFOUND|HOSTUNREACH|AI_AGAIN)|P1001|P1002|P1008|P1017|P2024|P2028|P2034|DatabaseNotReachable|ConnectionClosed|SocketTimeout|TooManyConnections|TransactionWriteConflict)$/;

/** `pg` reports these by message alone. */
const PASSING_MESSAGES =
  /timeout exceeded when trying to connect|timeout expired|Query read timeout|Connection terminated|connection error and is not queryable|Cannot use a pool after calling end|Client was closed/;

/** Whether the database could not be reached or could not answer in time, so that trying again may help. */
export function isDatabaseAway(error: unknown): boolean {
  const { sqlState, names, messages } = failureOf(error);
  return (
    (sqlState !== undefined && PASSING_STATES.test(sqlState)) ||
    names.some((name) => PASSING_NAMES.test(name)) ||
    messages.some((message) => PASSING_MESSAGES.test(message))
  );
}

/** Whether a statement was ended because it took too long. */
export function tookTooLong(error: unknown): boolean {
  return failureOf(error).sqlState === '57014';
}

/** Whether two transactions waited for each other, or met in a way that PostgreSQL won't order. */
export function isConflict(error: unknown): boolean {
  const { sqlState, names } = failureOf(error);
  return sqlState === '40P01' || sqlState === '40001' || names.includes('TransactionWriteConflict');
}

/** Whether PostgreSQL refused what was to be written: the same values are refused each time. */
export function isRefused(error: unknown): boolean {
  return /^2[23]/.test(failureOf(error).sqlState ?? '');
}

/** The name of the constraint or unique index that a write broke; undefined for any other error. */
export function violatedConstraint(error: unknown): string | undefined {
  return failureOf(error).constraint;
}

/** For `catch`: turns the breach of one constraint into a refusal, and lets any other error pass. */
export function whenViolated(constraint: string, refusal: () => Error) {
  return (error: unknown): never => {
    throw violatedConstraint(error) === constraint ? refusal() : error;
  };
}

/** What an error and its causes tell of a failure of the database; nothing where it is of another kind. */
export function failureOf(error: unknown): DatabaseFailure {
  const failure: DatabaseFailure = {
    sqlState: undefined,
    constraint: undefined,
    names: [],
    messages: [],
  };
  for (const part of partsOf(error)) {
    const { code, originalCode, kind, constraint, message } = part;
    for (const name of [code, originalCode, kind]) {
      if (typeof name !== 'string') continue;
      failure.names.push(name);
      if (SQLSTATE.test(name) && !name.startsWith('P1') && !name.startsWith('P2')) {
        failure.sqlState ??= name;
      }
    }
    failure.constraint ??= constraintName(constraint);
    if (typeof message === 'string') failure.messages.push(message);
  }
  return failure;
}

/** The error, its causes, and what Prisma keeps of the driver's own error in `meta`. */
function partsOf(error: unknown, depth = 0): Record<string, unknown>[] {
  if (typeof error !== 'object' || error === null || depth > 5) return [];
  const part = error as Record<string, unknown>;
  const meta = part['meta'] as { driverAdapterError?: unknown } | undefined;
  return [
    part,
    ...partsOf(part['cause'], depth + 1),
    ...partsOf(meta?.driverAdapterError, depth + 1),
  ];
}

function constraintName(constraint: unknown): string | undefined {
  if (typeof constraint === 'string') return constraint;
  const index = (constraint as { index?: unknown } | undefined)?.index;
  return typeof index === 'string' ? index : undefined;
}
