import { z } from 'zod';
import { givenPassword, text } from '../../core/fields.js';

export const Credentials = z.object({ email: text({ max: 254 }), password: givenPassword }).meta({
  id: 'Credentials',
  examples: [{ email: 'ida@example.com', password: 'correct horse battery' }],
});

export const RefreshToken = z.object({ refresh: text({ max: 4096 }) }).meta({ id: 'RefreshToken' });

/** The shape of a token pair in an answer. */
export const tokenPair = { access: z.string(), refresh: z.string() };

export const TokenPair = z.object(tokenPair).meta({ id: 'TokenPair' });

export const Nothing = z.object({}).meta({ id: 'Nothing' });
