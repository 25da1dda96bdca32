import type { ErrorRequestHandler } from 'express';
import { isDatabaseAway } from '../../core/database-errors.js';
import { InvalidInput, Refusal } from '../../core/errors.js';
import type { Logger } from '../../observability/logger.js';
import { refuse } from '../server/refusals.js';
import { tooLarge } from './json-body.js';

/** Turns whatever was thrown into the contract's form. What nobody foresaw is logged whole and answered plainly. */
export function answerError(log: Logger): ErrorRequestHandler {
  return (error: unknown, { id }, res, _next) => {
    if (res.headersSent) {
      // Half of the answer is gone already: cut off, it can't be taken for the whole.
      if (!hasLeft(error)) log.error({ id, err: error }, 'answer cut off');
      res.destroy();
      return;
    }
    if (error instanceof InvalidInput) {
      res.set('Cache-Control', 'no-store').status(400).json(error.fields);
      return;
    }
    const refusal = refusalOf(error);
    if (refusal.code === 'internal_error') log.error({ id, err: error }, 'request failed');
    if (refusal.code === 'unavailable') log.warn({ id, err: error }, 'unavailable');
    refuse(res, refusal);
  };
}

/** Whether the client went away before the end. */
function hasLeft(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'ERR_STREAM_PREMATURE_CLOSE';
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const fault = fromExpress(error);
  if (fault) return fault;
  if (isDatabaseAway(error)) {
    return new Refusal(
      'unavailable',
      'The service is busy or being restarted. Try again in a moment.',
    );
  }
  return new Refusal('internal_error', 'Something went wrong on our side.');
}

/** Express and its body reader throw errors with a `status` for what the client did wrong. */
function fromExpress(error: unknown): Refusal | undefined {
  const { status, type, limit } = (error ?? {}) as Record<string, unknown>;
  if (status === 413) return tooLarge(Number(limit));
  if (error instanceof URIError)
    return new Refusal('not_found', 'There is nothing at this address.');
  if (status === 400 && typeof type === 'string') {
    return new Refusal('malformed', 'The request broke off or has a wrong length.');
  }
  return undefined;
}
