import type { z } from 'zod';
import { unitsUp } from '../../../core/money.js';
import type { REFUND_STATUSES, RefundForm } from './refunds.schemas.js';

/** A refund as it is stored; the amount in minor units. */
export interface RefundRow {
  id: number;
  donationId: number;
  amount: number;
  status: string;
  reason: string;
  dateCreated: Date;
}

/** A refund, for the donor, the campaign's owner and the staff. */
export function presentRefund(row: RefundRow): z.input<typeof RefundForm> {
  return {
    id: row.id,
    donation: row.donationId,
    amount: unitsUp(row.amount),
    amount_minor: row.amount,
    status: row.status as (typeof REFUND_STATUSES)[number],
    reason: row.reason,
    date_created: row.dateCreated.toISOString(),
  };
}
