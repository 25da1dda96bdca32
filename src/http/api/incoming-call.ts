import type { IncomingHttpHeaders } from 'node:http';

/** A request as it reaches an endpoint: known to be JSON, otherwise raw. */
export interface IncomingCall {
  params: Record<string, unknown>;
  query: unknown;
  /** The query string as sent, without its question mark. */
  rawQuery: string;
  body: unknown;
  /** The bytes of the body as they were sent, if there were any. */
  rawBody: Buffer | undefined;
  headers: IncomingHttpHeaders;
  /** Method and the path of the URL map, with its parameters' names. */
  route: string;
}
