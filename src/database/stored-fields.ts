/** For each field of a request body the column it is stored in; null where the rules decide what becomes of it. */
export type StoredFields<Body, Row> = { [Field in keyof Body]-?: (keyof Row & string) | null };

/** The fields of a body under the names of their columns. */
type Stored<Body, Fields> = {
  [
    Field in keyof Body as Field extends keyof Fields
      ? Fields[Field] extends string
        ? Fields[Field]
        : never
      : never
  ]: Exclude<Body[Field], undefined>;
};

/**
 * What is stored of a body: the fields that were given, under the names of their columns. A field of the schema that
 * is missing in `fields` does not compile, so that none is accepted and dropped.
 */
export function storedFields<
  Body extends object,
  const Fields extends StoredFields<Body, Record<string, unknown>>,
>(body: Body, fields: Fields): Stored<Body, Fields> {
  const given = Object.entries<unknown>(body as Record<string, unknown>).flatMap(
    ([field, value]) => {
      const column = (fields as Record<string, string | null>)[field];
      return typeof column === 'string' && value !== undefined ? [[column, value] as const] : [];
    },
  );
  return Object.fromEntries(given) as Stored<Body, Fields>;
}
