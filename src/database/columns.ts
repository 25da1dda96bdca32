/**
 * The select list of a row type: for each field the SQL that gives it. A field that is forgotten, or that the row does
 * not have, does not compile.
 */
// The type of the row checks what is given; nothing else could name it.
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
export function columns<Row extends object>(sql: { [Field in keyof Row]-?: string }): string {
  return Object.entries<string>(sql)
    .map(([field, expression]) => `${expression} AS "${field}"`)
    .join(', ');
}
