import { failureOf } from '../core/database-errors.js';

/** What the log keeps of an error. */
interface ErrorReport {
  type: string;
  message?: string;
  code?: string;
  sqlState?: string;
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
  const { code, cause } = error as Error & { code?: unknown };
  const { sqlState, constraint } = failureOf(error);
  return {
    type: error.name,
    ...(!fromDatabase(error) && { message: error.message }),
    ...(typeof code === 'string' && { code }),
    ...(sqlState !== undefined && { sqlState }),
    ...(constraint !== undefined && { constraint }),
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

/** What follows the message, which may itself have lines that look like frames. */
function frames({ message, stack = '' }: Error): string[] {
  const start = stack.indexOf(message);
  if (start === -1) return [];
  const rest = stack.slice(start + message.length);
  return rest.split('\n').filter((line) => line.startsWith('    at '));
}
