import { z } from 'zod';
import { fieldError } from '../../../core/field-errors.js';
import { date } from '../../../core/fields.js';

/** The calendar of the database has no year 0. */
const day = date.refine((value) => value >= '0001-01-01', fieldError('notADate'));

/** The days to tell of. */
export const StatisticsQuery = z.object({
  from: day.optional().meta({
    description:
      'The first day, in UTC. Default: the day on which the first campaign was created, or that of the first ' +
      'donation if it is earlier.',
  }),
  to: day.optional().meta({ description: 'The last day, in UTC. Default: today.' }),
});

const raised = z.int().min(0).meta({ description: 'Less refunds, rounded down as a whole.' });
const gifts = z.int().min(0).meta({ description: 'Donations that were not refunded in full.' });

/** What was given in some days, in whole currency units. */
export const Statistics = z
  .object({
    from: date,
    to: date,
    raised,
    gifts,
    donors: z.int().min(0).meta({
      description:
        'Accounts, and guests by their address; each donation of a former member by itself.',
    }),
    average: z.int().min(0).meta({ description: 'Raised per donation, halves rounded up.' }),
    largest: z.int().min(0).meta({ description: 'What is left of the largest, rounded down.' }),
    daily: z.array(z.object({ date, raised, gifts })).meta({
      description: 'Every day of the range. What they raised adds up to `raised`.',
    }),
  })
  .meta({ id: 'Statistics' });

/** The days that are asked for. */
export type Asked = z.output<typeof StatisticsQuery>;
/** What a presenter gives for them, in whole currency units. */
export type Figures = z.input<typeof Statistics>;
