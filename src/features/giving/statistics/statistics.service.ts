import type { Context } from '../../../context.js';
import { InvalidInput, type FieldErrors } from '../../../core/errors.js';
import { fieldError } from '../../../core/field-errors.js';
import { findStatistics, LONGEST_RANGE, type Subject } from './statistics.queries.js';
import type { Asked, Figures } from './statistics.schemas.js';

const DAY = 24 * 60 * 60 * 1000;

/**
 * What a campaign raised, or all campaigns of a child, day by day.
 * @throws InvalidInput when the range is empty or too long.
 */
export async function showStatistics(
  ctx: Context,
  of: Subject,
  id: number,
  asked: Asked,
): Promise<Figures> {
  // The range is known only with the figures: it may begin where they do.
  const figures = await findStatistics(ctx, of, id, asked);
  const errors = rangeErrors(figures);
  if (Object.keys(errors).length > 0) throw new InvalidInput(errors);
  return figures;
}

function rangeErrors({ from, to }: Figures): FieldErrors {
  const days = (Date.parse(to) - Date.parse(from)) / DAY + 1;
  if (days < 1) return { to: [fieldError('emptyRange', { from })] };
  if (days <= LONGEST_RANGE) return {};
  return { from: [fieldError('rangeTooLong', { from, to, max: LONGEST_RANGE })] };
}
