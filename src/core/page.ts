/** The most items that a page has, and how many it has unless told. */
export const LARGEST_PAGE = 100;

/** Bytes of long text with which a page ends, however few items it has by then. */
export const PAGE_TEXT = 512_000;

/** One page of a list, and where the next begins: null on the last page. */
export class Page<Item, Cursor = unknown> {
  constructor(
    readonly items: Item[],
    readonly next: Cursor | null,
    /** How many items the whole list has, if that was asked. */
    readonly total?: number,
  ) {}

  /** The same page with other items in the same order. */
  map<Other>(present: (item: Item) => Other): Page<Other, Cursor> {
    return new Page(this.items.map(present), this.next, this.total);
  }
}

/**
 * Makes a page of `rows`, which were asked for with one more than `size` to see whether another follows. Where
 * rows carry long text, `textOf` says how many bytes, and the page ends with the row that brings it to `PAGE_TEXT`.
 */
export function pageOf<Row, Cursor>(
  rows: Row[],
  size: number,
  cursorAfter: (last: Row) => Cursor,
  textOf: (row: Row) => number = () => 0,
): Page<Row, Cursor> {
  const items = rows.slice(0, Math.min(size, rowsWithin(rows.map(textOf))));
  const last = items.at(-1);
  return new Page(items, rows.length > items.length && last ? cursorAfter(last) : null);
}

/** How many rows of these sizes a page holds. */
function rowsWithin(sizes: number[]): number {
  let held = 0;
  const full = sizes.findIndex((bytes) => (held += bytes) >= PAGE_TEXT);
  return full === -1 ? sizes.length : full + 1;
}

/**
 * SQL that reads of `rows`, in `order`, those that a page can hold by their text, and one more. The texts of the
 * others are not read: the length of a text is known without it.
 */
export function withinPageText(rows: string, bytes: string, order: string): string {
  return `SELECT * FROM (
    SELECT *, sum(${bytes}) OVER (ORDER BY ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND 2 PRECEDING) AS text_before
      FROM (${rows}) row) page
   WHERE coalesce(text_before, 0) < ${PAGE_TEXT} ORDER BY ${order}`;
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
