import { z } from 'zod';
import { givenPassword, text } from '../../../core/fields.js';

/** What a parent signs in with. */
export const Credentials = z.object({ email: text({ max: 254 }), password: givenPassword }).meta({
  id: 'Credentials',
  examples: [{ email: 'ida@example.com', password: 'correct horse battery' }],
});

/** A refresh token, to be exchanged or revoked. */
export const RefreshToken = z.object({ refresh: text({ max: 4096 }) }).meta({ id: 'RefreshToken' });

/** The shape of a token pair in an answer. */
export const tokenPair = { access: z.string(), refresh: z.string() };

/** Two tokens (contract, Tokens). */
export const TokenPair = z.object(tokenPair).meta({ id: 'TokenPair' });

/** An answer that says nothing. */
export const Nothing = z.object({}).meta({ id: 'Nothing' });
