/** The first cookie of this name in a `Cookie` header. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim().split(/=(.*)/s, 2));
  return pairs.find(([key]) => key === name)?.[1];
}

interface CookieRule {
  path: string;
  /** Seconds. */
  maxAge: number;
  secure: boolean;
}

/** A `Set-Cookie` that no script can read and no other site's form brings along. The value is base64url and dots. */
export function setCookie(
  name: string,
  value: string,
  { path, maxAge, secure }: CookieRule,
): string {
  const flags = `HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  return `${name}=${value}; Path=${path}; Max-Age=${maxAge}; ${flags}`;
}
