import { z } from 'zod';
import { text } from '../../../core/fields.js';

/** The token that undoes a change of the address. */
export const EmailUndo = z
  .object({ token: text({ max: 200 }).meta({ description: 'From the link in the mail.' }) })
  .meta({ id: 'EmailUndo' });
