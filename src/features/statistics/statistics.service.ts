import type { z } from 'zod';
import type { Context } from '../../core/context.js';
import { InvalidInput, type FieldErrors } from '../../core/errors.js';
import {
  findCampaignStatistics,
  findChildStatistics,
  LONGEST_RANGE,
} from './statistics.queries.js';
import type { Statistics, StatisticsQuery } from './statistics.schemas.js';

const DAY = 24 * 60 * 60 * 1000;

type Figures = z.input<typeof Statistics>;
type Asked = z.output<typeof StatisticsQuery>;

/** What a campaign raised, day by day. @throws InvalidInput when the range is empty or too long. */
export async function showCampaignStatistics(
  ctx: Context,
  id: number,
  asked: Asked,
): Promise<Figures> {
  return inRange(await findCampaignStatistics(ctx, id, asked));
}

/** What all campaigns of a child raised, day by day. @throws InvalidInput as above. */
export async function showChildStatistics(
  ctx: Context,
  id: number,
  asked: Asked,
): Promise<Figures> {
  return inRange(await findChildStatistics(ctx, id, asked));
}

/** The range is known only with the figures: it may begin where they do. */
function inRange(figures: Figures): Figures {
  const errors = rangeErrors(figures);
  if (Object.keys(errors).length > 0) throw new InvalidInput(errors);
  return figures;
}

function rangeErrors({ from, to }: Figures): FieldErrors {
  const days = (Date.parse(to) - Date.parse(from)) / DAY + 1;
  if (days < 1) return { to: [`The last day lies before the first, which is ${from}.`] };
  if (days <= LONGEST_RANGE) return {};
  return { from: [`From ${from} to ${to} are more than ${LONGEST_RANGE} days.`] };
}
