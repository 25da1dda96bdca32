import type { Request, Response } from 'express';
import { Refusal } from '../../core/errors.js';

/**
 * Whether a request is to be handled by a path with these methods. OPTIONS is answered here, with `Allow`.
 * @throws Refusal `method_not_allowed`, having set `Allow`.
 */
export function isToBeHandled({ method }: Request, res: Response, allow: string[]): boolean {
  if (allow.includes(method)) return true;
  if (method === 'OPTIONS') {
    res
      .set('Allow', [...allow, 'OPTIONS'].join(', '))
      .status(204)
      .end();
    return false;
  }
  res.set('Allow', allow.join(', '));
  throw new Refusal('method_not_allowed', `This address takes ${allow.join(', ')}.`);
}
