/** What the log keeps of an error. */
interface ErrorReport {
  type: string;
  message?: string;
  code?: string;
  constraint?: string;
  stack: string[];
  cause?: ErrorReport;
}

/**
 * Describes an error for the log: whole, except that a database error's message and detail stay out,
 * for PostgreSQL and Prisma quote the values of rows and arguments there.
 */
export function describeError(error: unknown, depth = 0): ErrorReport {
  if (!(error instanceof Error)) return { type: typeof error, stack: [] };
  const { code, constraint, cause } = error as Error & { code?: unknown; constraint?: unknown };
  return {
    type: error.name,
    ...(!fromDatabase(error) && { message: error.message }),
    ...(typeof code === 'string' && { code }),
    ...(typeof constraint === 'string' && { constraint }),
    stack: frames(error),
    ...(cause !== undefined && depth < 3 && { cause: describeError(cause, depth + 1) }),
  };
}

function fromDatabase(error: Error): boolean {
  return (
    error.name.startsWith('PrismaClient') ||
    error.name === 'DriverAdapterError' ||
    'severity' in error
  );
}

function frames(error: Error): string[] {
  return (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
}
