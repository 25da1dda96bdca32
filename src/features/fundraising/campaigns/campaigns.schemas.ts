import { z } from 'zod';
import { fieldError } from '../../../core/field-errors.js';
import { SEARCH_BOUNDS } from '../../../database/searching.js';
import { codePoints, differentWords } from '../../../core/text.js';
import {
  choice,
  flag,
  id,
  idInPath,
  moment,
  money,
  optionalUrl,
  text,
} from '../../../core/fields.js';
import { cursor } from '../../../http/api/cursor.js';
import { pageSize, paging } from '../../../http/api/paging.js';
import { deadline } from './deadline.js';

/** What a campaign can be for. */
export const CATEGORIES = ['sports', 'education', 'hobbies', 'health', 'dreams'] as const;

/** The orders in which campaigns can be browsed. */
export const SORTS = ['newest', 'most_funded', 'closest_to_goal', 'ending_soon'] as const;

const LARGEST_GOAL = 100_000;

/** Characters of a query as it is sent: there may be much white space, and words may be repeated. */
const LONGEST_QUERY = 1_000;

const MOST_WORDS = 8;

/** Characters of the different words of a query together. */
const LONGEST_WORDS = 200;

/** How many campaigns of a list are counted at most. */
export const COUNTED = 10_000;

/** The id of a campaign, in a path. */
export const CampaignPath = z.object({ id: idInPath });

/** A campaign to be opened; the goal in whole currency units (contract, Campaigns). */
export const NewCampaign = z
  .object({
    title: text({ max: 200 }),
    description: text({ max: 10_000, multiline: true }),
    goal: money({ max: LARGEST_GOAL }),
    category: choice(CATEGORIES),
    image: optionalUrl,
    is_open: flag.optional(),
    has_deadline: flag.optional(),
    deadline,
    close_at_deadline: flag.optional().meta({
      description:
        'Whether the campaign closes automatically once its deadline has passed. Default: no.',
    }),
    close_when_funded: flag.optional().meta({
      description:
        'Whether it closes automatically with the donation that reaches its goal. Default: no.',
    }),
  })
  .meta({
    id: 'NewCampaign',
    examples: [
      {
        title: 'A violin of her own',
        description: 'She practises on a borrowed one.',
        goal: 400,
        category: 'hobbies',
        deadline: '2099-12-31',
      },
    ],
  });

/** What is to change of a campaign; what is absent stays. */
export const CampaignChanges = NewCampaign.partial().meta({
  id: 'CampaignChanges',
  examples: [{ goal: 500, has_deadline: false }],
});

/** Where a page of each order begins. `at` keeps what has passed apart from what is to come while one pages. */
export const BrowsePlace = z.discriminatedUnion('sort', [
  z.object({ sort: z.literal('newest'), id }),
  z.object({ sort: z.literal('most_funded'), total: z.int().min(0), id }),
  z.object({
    sort: z.literal('closest_to_goal'),
    total: z.int().min(0),
    goal: z.int().min(1).max(LARGEST_GOAL),
    id,
  }),
  z.object({
    sort: z.literal('ending_soon'),
    at: z.iso.datetime({ precision: 3 }),
    deadline: z.iso.datetime({ precision: 3 }).nullable(),
    id,
  }),
]);

/** A place in one of the orders. */
export type BrowsePlace = z.output<typeof BrowsePlace>;

/** Which campaigns to browse, and from where. */
export const BrowseQuery = z
  .object({
    category: choice(CATEGORIES).optional(),
    q: text({ min: 0, max: LONGEST_QUERY })
      .transform(differentWords)
      .refine(
        (found) => found.length <= MOST_WORDS,
        fieldError('tooManyWords', { max: MOST_WORDS }),
      )
      .refine(
        (found) => codePoints(found.join('')) <= LONGEST_WORDS,
        fieldError('wordsTooLong', { max: LONGEST_WORDS }),
      )
      .optional()
      .meta({
        description:
          "Every word of it stands somewhere in the title, the description or the child's public name, whatever " +
          `its case. At most ${MOST_WORDS} different words, of ${LONGEST_WORDS} characters together. Where many ` +
          'campaigns have to be looked through, a page may end early, and even be empty: follow `Link` until there is none. ' +
          'Long texts are searched some seconds after they were written.',
      }),
    count: z
      .enum(['true', 'false'], fieldError('notABoolean'))
      .transform((value) => value === 'true')
      .default(false)
      .meta({
        description:
          '`true` adds the header `X-Total-Count`: how many campaigns the whole list has. It counts to ' +
          `${COUNTED.toLocaleString('en')}, with \`q\` to ${SEARCH_BOUNDS.counted.toLocaleString('en')}, and tells that ` +
          'number where there are as many or more. With `q` there may be more than it tells where very much text has to ' +
          'be looked through.',
        override: { type: 'boolean', default: false, enum: undefined },
      }),
    sort: choice(SORTS)
      .default('newest')
      .meta({
        description:
          '`closest_to_goal`: the highest percentage first among those under 100, then the funded ones. ' +
          '`ending_soon`: the nearest future deadline first, then those passed (the latest first), then ' +
          'those with none.',
      }),
    page_size: pageSize,
    cursor: cursor(BrowsePlace).optional(),
  })
  .refine(({ sort, cursor: place }) => !place || place.sort === sort, {
    error: fieldError('badCursor'),
    path: ['cursor'],
  });

/** The same once it is read. */
export type BrowseQuery = z.output<typeof BrowseQuery>;

/** Which page of a child's campaigns. */
export const OwnCampaignsQuery = paging(z.object({ id }));

const publicFields = {
  id,
  child_name: z
    .string()
    .meta({ description: "The child's `public_name`: nothing else of the child is public." }),
  title: z.string(),
  description: z.string(),
  goal: z.int(),
  total_raised: z.int().min(0),
  donation_count: z.int().min(0),
  percentage_raised: z
    .number()
    .min(0)
    .meta({ description: 'Of the goal, one decimal; may pass 100.' }),
  image: z.string().nullable(),
  category: z.enum(CATEGORIES),
  is_open: z.boolean(),
  has_deadline: z.boolean(),
  deadline: moment.nullable(),
  is_expired: z.boolean(),
  seconds_remaining: z.int().min(0).nullable(),
  date_created: moment,
};

/** A campaign as everybody sees it: money in whole currency units. */
export const PublicCampaign = z.object(publicFields).meta({ id: 'PublicCampaign' });

const ownFields = {
  ...publicFields,
  child: id,
  close_at_deadline: z.boolean(),
  close_when_funded: z.boolean(),
};

/** A campaign as its owner sees it in lists. */
export const OwnCampaign = z.object(ownFields).meta({ id: 'OwnCampaign' });
