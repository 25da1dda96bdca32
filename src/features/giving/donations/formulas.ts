/** What spreadsheets take for a cell's end, whatever separator they are set to. */
const SEPARATOR = String.raw`;,|\t\n\v\f\r\u0085\u2028\u2029`;

/** Signs that begin a formula, in their wide and small forms too. */
const SIGN = String.raw`=+\-@＝＋－＠﹦﹢﹣﹫`;

const BLANK = String.raw`[\s\p{C}"]`;

/** Where a formula may begin: at the start or after a separator, behind blanks, quotes and what isn't seen. */
const BEFORE_FORMULA = new RegExp(
  `^(?=${BLANK}*[${SIGN}]|[\\t\\n\\r])|[${SEPARATOR}]+(?=(?:(?![${SEPARATOR}])${BLANK})*[${SIGN}])`,
  'gu',
);

/** Text that no spreadsheet runs: an apostrophe stands before each sign that might begin a formula. */
export function withoutFormulas(text: string): string {
  return text.replace(BEFORE_FORMULA, "$&'");
}
