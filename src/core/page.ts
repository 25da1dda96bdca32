/** The most items that a page has, and how many it has unless told. */
export const LARGEST_PAGE = 100;

/** One page of a list, and where the next begins: null on the last page. */
export class Page<Item, Cursor = unknown> {
  constructor(
    readonly items: Item[],
    readonly next: Cursor | null,
  ) {}

  /** The same page with other items in the same order. */
  map<Other>(present: (item: Item) => Other): Page<Other, Cursor> {
    return new Page(this.items.map(present), this.next);
  }
}

/** Makes a page of `rows`, which were asked for with one more than `size` to see whether another follows. */
export function pageOf<Row, Cursor>(
  rows: Row[],
  size: number,
  cursorAfter: (last: Row) => Cursor,
): Page<Row, Cursor> {
  const items = rows.slice(0, size);
  const last = items.at(-1);
  return new Page(items, rows.length > size && last ? cursorAfter(last) : null);
}

/** Greater than any id: where a list that is ordered by id, newest first, begins. */
const BEYOND_ALL_IDS = 2 ** 31;

/** The bound below which the ids of a page of newest first lie: a `bigint` for SQL. */
export function idBound(place: { id: number } | undefined): number {
  return place?.id ?? BEYOND_ALL_IDS;
}

/** A place in a list that is ordered by moment and then id, newest first. */
export interface DatedPlace {
  /** Milliseconds since the epoch. */
  at: number;
  id: number;
}

/** The bound below which the (moment, id) of a page of newest first lie: a `timestamptz` and an `int` for SQL. */
export function datedBound(place: DatedPlace | undefined): [moment: string, id: number] {
  return place ? [new Date(place.at).toISOString(), place.id] : ['infinity', BEYOND_ALL_IDS - 1];
}

/** What a list is asked for: how many, and from which place on. */
export interface PageRequest<Place> {
  page_size: number;
  cursor?: Place | undefined;
}
