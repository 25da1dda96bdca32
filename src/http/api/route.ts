import type { ParentContext } from '../../context.js';
import type { Audience } from '../guards/authenticate.js';
import type { Endpoint } from './endpoint.js';

/** One line of the URL map. */
export interface Route {
  method: string;
  /** In Express's syntax. Served with and without the slash at its end. */
  path: string;
  audience: Audience;
  endpoint: Endpoint<ParentContext>;
}
