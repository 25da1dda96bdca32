/** One label of a host name. */
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';

const ONE_LABEL = new RegExp(`^${LABEL}$`);

/** A wildcard stands for exactly one label, in front of a domain of two or more. */
const WILDCARD = new RegExp(`^(https?://)\\*((?:\\.${LABEL}){2,}(?::\\d{1,5})?)$`);

/** Whether a text is an origin as browsers send it, or one whose first label is `*`. */
export function isOriginPattern(text: string): boolean {
  const [, scheme, rest] = WILDCARD.exec(text) ?? [];
  return isOrigin(rest === undefined ? text : `${scheme}a${rest}`);
}

/** Letter by letter: in lower case, without a path, a slash at its end or a port that the scheme implies. */
function isOrigin(text: string): boolean {
  if (!/^https?:\/\/[^*]+$/.test(text) || !URL.canParse(text)) return false;
  return new URL(text).origin === text;
}

/** Whether an origin is one of those that the patterns name. */
export function matchesOrigin(patterns: string[]): (origin: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !WILDCARD.test(pattern)));
  const ends = patterns.flatMap((pattern) => {
    const [, scheme = '', end] = WILDCARD.exec(pattern) ?? [];
    return end === undefined ? [] : [{ scheme, end }];
  });
  return (origin) =>
    exact.has(origin) ||
    ends.some(
      ({ scheme, end }) =>
        origin.startsWith(scheme) &&
        origin.endsWith(end) &&
        ONE_LABEL.test(origin.slice(scheme.length, -end.length)),
    );
}
