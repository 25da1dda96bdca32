import type { z } from 'zod';
import type { ParentContext } from '../../../context.js';
import { databaseWithin } from '../../../database/client.js';
import { InvalidInput, Refusal } from '../../../core/errors.js';
import { fieldError } from '../../../core/field-errors.js';
import { Page, type DatedPlace, type PageRequest } from '../../../core/page.js';
import type { GivenRow } from '../donations/donations.rows.js';
import { claim, findClaimable } from './claims.queries.js';
import type { NewClaim } from './claims.schemas.js';

/** A page of the past guest gifts that the signed-in parent may claim: none until the address is verified. */
export async function listClaimable(
  ctx: ParentContext,
  query: PageRequest<DatedPlace>,
): Promise<Page<GivenRow>> {
  return ctx.parent.emailVerifiedAt === null ? new Page([], null) : findClaimable(ctx, query);
}

/** @throws Refusal `email_not_verified`: anyone can register with somebody else's address. */
export function requireVerifiedEmail({ parent }: ParentContext): Promise<void> {
  return parent.emailVerifiedAt === null ? Promise.reject(notVerified()) : Promise.resolve();
}

/**
 * Makes past guest gifts the signed-in parent's own: those that are named, or the newest that are claimable, up to
 * a bound: anyone can give in anybody's name, however often. Gives how many.
 * @throws InvalidInput when one that is named isn't claimable; then none is claimed.
 * @throws Refusal `email_not_verified`.
 */
export async function claimDonations(
  ctx: ParentContext,
  { donations }: z.output<typeof NewClaim>,
): Promise<number> {
  const named = donations && [...new Set(donations)];
  return ctx.db.transaction(async (tx) => {
    const claimed = await claim(ctx, databaseWithin(tx), named);
    if (claimed === undefined) throw notVerified();
    if (named && claimed < named.length) {
      throw new InvalidInput({ donations: [fieldError('notClaimable')] });
    }
    return claimed;
  });
}

function notVerified(): Refusal {
  return new Refusal(
    'email_not_verified',
    'Verify your email address first: send the code that was mailed to you, or ask for a new one.',
  );
}
