import type { Readable } from 'node:stream';
import type { Change } from '../../database/changes.js';

/** An answer that sends the browser elsewhere, with a cookie to bring back (a `Set-Cookie` header). */
export class Redirect {
  constructor(
    readonly location: string,
    readonly cookie?: string,
  ) {}
}

/** An answer that is not JSON: a document, whole or as it is made. */
export class Download {
  constructor(
    readonly type: string,
    readonly filename: string,
    readonly content: Buffer | Readable,
  ) {}
}

/** The state in which an endpoint leaves a donation that it has stored, and that is still to be finished. */
export class Begun {
  constructor(readonly donationId: number) {}
}

/** What an endpoint answers. `next` is the query string of the next page, `total` how many items all have together. */
export interface Reply {
  status: number;
  body: unknown;
  next?: string;
  total?: number | undefined;
  redirect?: Redirect;
  download?: Download;
  /** JSON as it was answered before, instead of a body. */
  repeated?: string;
  /** What this request has changed of what all visitors see, if its endpoint tells. */
  changed?: Change[] | undefined;
}
