import { columns } from '../../../database/columns.js';
import type { Context } from '../../../context.js';
import type { Transaction } from '../../../database/client.js';
import { Refusal } from '../../../core/errors.js';
import { isOpenAt } from '../../fundraising/campaigns/campaigns.access.js';
import type { DonationRow } from './donations.rows.js';

/** A gift under its lock, and what decides about it. Amounts in whole units, what went back in minor ones. */
export interface LockedDonation {
  id: number;
  amount: number;
  refunded: number;
  status: DonationRow['status'];
  /** The parent of the campaign's child; null once the campaign is gone. */
  ownerId: number | null;
  /** Whether its campaign is there and takes gifts. */
  isOpen: boolean;
  /** When it was begun; once it is completed, when that was. */
  dateDonated: Date;
  sessionId: string | null;
  /** What the donor is asked for; null as long as there is no page to pay at. */
  currency: string | null;
  paymentIntent: string | null;
}

const LOCK_CAMPAIGN = `
  SELECT c.id FROM campaigns c
   WHERE c.id = (SELECT campaign_id FROM donations WHERE id = $1) FOR NO KEY UPDATE`;

const LOCK_DONATION = 'SELECT id FROM donations WHERE id = $1 FOR NO KEY UPDATE';

const LOCKED = `
  SELECT ${columns<LockedDonation>({
    id: 'd.id',
    amount: 'd.amount',
    refunded: 'd.refunded',
    status: 'd.status',
    dateDonated: 'd.date_donated',
    ownerId: 'ch.parent_id',
    isOpen: `coalesce(${isOpenAt('$2::timestamptz')}, false)`,
    sessionId: 'k.session_id',
    currency: 'k.currency',
    paymentIntent: 'k.payment_intent',
  })}
    FROM donations d
    LEFT JOIN checkouts k ON k.donation_id = d.id
    LEFT JOIN campaigns c ON c.id = d.campaign_id
    LEFT JOIN children ch ON ch.id = c.child_id
   WHERE d.id = $1`;

/**
 * Locks a gift and its campaign until the transaction ends: the campaign first, as giving and closing do.
 * Only then looks, so that it sees what those it waited for have done. Undefined if there is no such gift.
 */
export async function lockDonation(
  { now }: Pick<Context, 'now'>,
  tx: Transaction,
  id: number,
): Promise<LockedDonation | undefined> {
  await tx.$queryRawUnsafe(LOCK_CAMPAIGN, id);
  await tx.$queryRawUnsafe(LOCK_DONATION, id);
  const [donation] = await tx.$queryRawUnsafe<LockedDonation[]>(LOCKED, id, now);
  return donation;
}

/** The refusal for a donation that isn't there. */
export function noSuchDonation(): Refusal {
  return new Refusal('not_found', 'There is no such donation.');
}
