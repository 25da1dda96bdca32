import type { ParentContext } from '../../../context.js';
import { statement } from '../../../database/statement.js';
import { Refusal } from '../../../core/errors.js';
import { noSuchDonation } from '../donations/donations.access.js';
import { BEGUN_GIFTS } from '../donations/donations.rows.js';

/** A gift whose refunds the signed-in parent may see. */
export interface SeenDonation {
  id: number;
  /** Null once the campaign is gone. */
  campaignId: number | null;
  mayRefund: boolean;
}

/** One statement: read one after the other, the child could be gone when its campaign was still there. */
const FIND = statement(`
  SELECT c.id AS "campaignId", d.donor_id AS "donorId", ch.parent_id AS "ownerId"
    FROM donations d
    LEFT JOIN campaigns c ON c.id = d.campaign_id
    LEFT JOIN children ch ON ch.id = c.child_id
   WHERE d.id = $1 AND ${BEGUN_GIFTS}`);

interface Found {
  campaignId: number | null;
  donorId: number | null;
  ownerId: number | null;
}

/**
 * A gift to a campaign of the signed-in parent; for staff, any.
 * @throws Refusal 404 when there is no such gift, 403 when it is not theirs to refund.
 */
export async function findRefundable(
  ctx: ParentContext,
  { id }: { id: number },
): Promise<SeenDonation> {
  const donation = await findSeen(ctx, { id });
  if (!donation.mayRefund) throw notTheirs();
  return donation;
}

/**
 * The same, or a gift of the parent's own.
 * @throws Refusal 404, 403.
 */
export async function findSeen(ctx: ParentContext, { id }: { id: number }): Promise<SeenDonation> {
  const [donation] = await ctx.db.query<Found>(FIND, [id]);
  if (!donation) throw noSuchDonation();
  const { parent } = ctx;
  const mayRefund = parent.isStaff || donation.ownerId === parent.id;
  if (!mayRefund && donation.donorId !== parent.id) throw notTheirs();
  return { id, campaignId: donation.campaignId, mayRefund };
}

/** The refusal of a refund to whom the gift's campaign doesn't belong. */
export function notTheirs(): Refusal {
  return new Refusal(
    'permission_denied',
    "Only the parent of the campaign's child, or staff, may do that.",
  );
}
