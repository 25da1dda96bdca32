import type { CampaignRow } from './campaigns.rows.js';
import type { BrowsePlace, BrowseQuery } from './campaigns.schemas.js';

/** The values of one statement, numbered as they are added. */
export class Values {
  readonly list: unknown[] = [];

  add(value: unknown): string {
    this.list.push(value);
    return `$${this.list.length}`;
  }
}

/** One run of campaigns in an order that an index has: which, from where on, and in which order. */
export interface Run {
  where: string[];
  order: string;
}

/** The runs that a page is read from, one after another. */
export function runsOf(
  { sort, cursor }: Pick<BrowseQuery, 'sort' | 'cursor'>,
  at: Date,
  values: Values,
): Run[] {
  switch (sort) {
    case 'newest':
      return [newest(cursor, values)];
    case 'most_funded':
      return [mostFunded(cursor, values)];
    case 'closest_to_goal':
      return [closestToGoal(cursor, values)];
    case 'ending_soon':
      return endingSoon(cursor, at, values);
  }
}

function newest(place: BrowsePlace | undefined, values: Values): Run {
  const where = place ? [`c.id < ${values.add(place.id)}`] : [];
  return { where, order: 'c.id DESC' };
}

function mostFunded(place: BrowsePlace | undefined, values: Values): Run {
  const where =
    place?.sort === 'most_funded'
      ? [
          `(c.total_raised, c.id) < (${values.add(place.total)}::bigint, ${values.add(place.id)}::int)`,
        ]
      : [];
  return { where, order: 'c.total_raised DESC, c.id DESC' };
}

/** Those under 100 percent come first: `true` is the greater, and everything descends. */
function closestToGoal(place: BrowsePlace | undefined, values: Values): Run {
  const where: string[] = [];
  if (place?.sort === 'closest_to_goal') {
    const total = `${values.add(place.total)}::bigint`;
    const goal = `${values.add(place.goal)}::int`;
    where.push(
      `((c.total_raised < c.goal), (c.total_raised::float8 / c.goal), c.id)
       < ((${total} < ${goal}), (${total}::float8 / ${goal}), ${values.add(place.id)}::int)`,
    );
  }
  return {
    where,
    order: 'c.total_raised < c.goal DESC, c.total_raised::float8 / c.goal DESC, c.id DESC',
  };
}

/** Three runs after one another: deadlines to come, deadlines passed, none. A page begins in one of them. */
function endingSoon(place: BrowsePlace | undefined, at: Date, values: Values): Run[] {
  const moment = (date: Date) => `${values.add(date)}::timestamptz`;
  const toCome = (where: string): Run => ({ where: [where], order: 'c.deadline, c.id' });
  const passed = (where: string): Run => ({ where: [where], order: 'c.deadline DESC, c.id DESC' });
  const none: Run = { where: ['c.deadline IS NULL'], order: 'c.id DESC' };
  if (place?.sort !== 'ending_soon') {
    const now = moment(at);
    return [toCome(`c.deadline > ${now}`), passed(`c.deadline <= ${now}`), none];
  }

  const id = `${values.add(place.id)}::int`;
  if (place.deadline === null) return [{ ...none, where: [...none.where, `c.id < ${id}`] }];
  const deadline = new Date(place.deadline);
  const here = `(${moment(deadline)}, ${id})`;
  if (deadline <= at) return [passed(`(c.deadline, c.id) < ${here}`), none];
  return [toCome(`(c.deadline, c.id) > ${here}`), passed(`c.deadline <= ${moment(at)}`), none];
}

/** Where the page after a campaign begins. `at` is the moment that keeps apart what has passed. */
export function placeAfter(
  sort: BrowseQuery['sort'],
  last: Pick<CampaignRow, 'id' | 'totalRaised' | 'goal' | 'deadline'>,
  at: Date,
): BrowsePlace {
  const { id, totalRaised: total, goal } = last;
  switch (sort) {
    case 'newest':
      return { sort, id };
    case 'most_funded':
      return { sort, id, total };
    case 'closest_to_goal':
      return { sort, id, total, goal };
    case 'ending_soon': {
      const deadline = last.deadline === null ? null : new Date(last.deadline).toISOString();
      return { sort, id, at: at.toISOString(), deadline };
    }
  }
}
