import type { Context } from '../../context.js';
import type { Found } from './find-route.js';

declare global {
  namespace Express {
    interface Request {
      /** The request's id, in the answer's `X-Request-Id` and in the log. */
      id: string;
      /** Who asks, when, and the way to the database; a visitor until authenticated. */
      ctx: Context;
      /** The path of the route that answers, its parameters not filled in. */
      routePattern?: string;
      /** What the URL map has for it. */
      found?: Found;
      /** Whether the limits of its client's address have counted it already. */
      isClientCounted?: boolean;
      /** Gives back the place that the request holds among those worked on at once. */
      releasePlace?: () => void;
      /** The bytes of a JSON body, as they were sent. */
      rawBody?: Buffer;
    }
  }
}
