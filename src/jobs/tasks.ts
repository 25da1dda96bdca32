import type { JobHelpers, Task, TaskList } from 'graphile-worker';
import type { JobContext } from '../context.js';
import { forgetOldRequests } from '../http/api/idempotency-store.js';
import type { JobPayloads, MailJob } from '../database/enqueue.js';
import { closeEndedCampaigns } from '../features/fundraising/campaigns/campaigns.service.js';
import { indexMarked } from '../features/search-index/search-index.service.js';
import {
  addressChangedMail,
  forgetLeftAddresses,
} from '../features/accounts/email-change/email-change.service.js';
import { nameInMail } from '../features/accounts/parents/parents.presenter.js';
import {
  createPasswordReset,
  passwordResetMail,
} from '../features/accounts/password-reset/password-reset.service.js';
import { forgetUnpaidGifts } from '../features/giving/donations/donations.service.js';
import { eraseDeleted, forgetComments } from '../features/erasure/erasure.service.js';
import { reconcilePayments } from '../features/giving/payments/reconciliation.service.js';
import {
  giftNoticeMail,
  giftReceiptMail,
  giftReturnedMail,
} from '../features/giving/receipts/gift-mails.service.js';
import { sendRefund } from '../features/giving/refunds/stripe-refunds.service.js';
import { verificationMail } from '../features/accounts/verification/verification.service.js';
import { domainOf, MailRefused, type Mailer } from '../integrations/mailer.js';
import { isWithinBudget } from './mail-budget.js';
import {
  addressChanged,
  giftNotice,
  giftReceipt,
  giftReturned,
  googleLinked,
  passwordChanged,
  passwordReset,
  verifyEmail,
  type Letter,
} from './mail-templates.js';
import type { RecurringTask } from './schedule.js';

/** What tasks work with. */
export interface TaskDeps {
  mailer: Mailer;
  /** A fresh context for each job. */
  context: () => JobContext;
  /** The sender of all mail. */
  from: string;
}

/** What the worker does for each kind of job. A task may run more than once and must bear it. */
export function createTasks({ mailer, context, from }: TaskDeps): TaskList {
  const tasks: Record<keyof JobPayloads | RecurringTask, Task> = {
    send_mail: async (payload, { job, abortSignal }) => {
      const ctx = context();
      const { mail } = payload as MailJob;
      const written = await write(ctx, payload as MailJob);
      if (written === null) return;
      const { to, letter, isProven = false } = written;
      // At the first attempt alone: a server that is away doesn't use the budget up.
      if (job.attempts === 1 && !(await isWithinBudget(ctx, mail, { to, isProven }))) return;
      await mailer
        .send({ ...letter, to, messageId: messageIdOf(job, from) }, abortSignal)
        .catch((error: unknown) => {
          if (!(error instanceof MailRefused)) throw error;
          ctx.log.warn(
            { job: job.id, mail, code: error.responseCode },
            'a mail was refused for good',
          );
        });
    },
    request_password_reset: async (payload) => {
      await createPasswordReset(context(), payload as JobPayloads['request_password_reset']);
    },
    send_refund: async (payload) => {
      const { refundId } = payload as JobPayloads['send_refund'];
      await sendRefund(context(), refundId);
    },
    reconcile_payments: () => reconcilePayments(context()),
    close_ended_campaigns: () => closeEndedCampaigns(context()),
    forget_old_requests: async () => {
      await forgetOldRequests(context());
      await forgetLeftAddresses(context());
    },
    forget_unpaid_gifts: () => forgetUnpaidGifts(context()),
    erase_deleted: (_payload, { abortSignal }) => eraseDeleted(context(), abortSignal),
    index_campaigns: (_payload, { abortSignal }) => indexMarked(context(), abortSignal),
    forget_comments: (_payload, { abortSignal }) => forgetComments(context(), abortSignal),
  };
  return tasks;
}

/** The same at each attempt; another once the job stands for a newer mail, or in another database. */
function messageIdOf({ id, revision, created_at }: JobHelpers['job'], from: string): string {
  return `<${id}.${revision}.${created_at.getTime()}@${domainOf(from)}>`;
}

interface Written {
  to: string;
  letter: Letter;
  /** Whether the account that it is about has proven to read the address. */
  isProven?: boolean;
}

/** Null when the mail is no longer wanted. */
async function write(ctx: JobContext, job: MailJob): Promise<Written | null> {
  // After the #, which browsers keep to themselves: neither servers nor other sites see it.
  const { frontendUrl } = ctx.settings;
  const link = (page: string) => frontendUrl && `${frontendUrl}/${page}`;
  switch (job.mail) {
    case 'verify_email': {
      const wanted = await verificationMail(ctx, job.parentId);
      if (!wanted) return null;
      const { to, code } = wanted;
      return { to, letter: verifyEmail({ code, link: link(`verify-email#code=${code}`) }) };
    }
    case 'password_reset': {
      const wanted = await passwordResetMail(ctx, job.parentId);
      if (!wanted) return null;
      const { to, name, token, isProven } = wanted;
      const letter = passwordReset({ name, token, link: link(`reset-password#token=${token}`) });
      return { to, letter, isProven };
    }
    case 'password_changed':
    case 'google_linked': {
      const parent = await ctx.db.prisma.parent.findUnique({
        where: { id: job.parentId },
        select: { email: true, emailVerifiedAt: true, firstName: true },
      });
      if (!parent) return null;
      const isProven = parent.emailVerifiedAt !== null;
      const name = nameInMail(parent);
      const letter = job.mail === 'google_linked' ? googleLinked() : passwordChanged({ name });
      return { to: parent.email, letter, isProven };
    }
    case 'address_changed': {
      const wanted = await addressChangedMail(ctx, job.undoId);
      if (!wanted) return null;
      const { to, ...values } = wanted;
      const page = `undo-email#token=${values.token}`;
      return { to, letter: addressChanged({ ...values, link: link(page) }) };
    }
    case 'gift_receipt':
      return addressed(await giftReceiptMail(ctx, job.donationId), giftReceipt);
    case 'gift_notice':
      return addressed(await giftNoticeMail(ctx, job.donationId), giftNotice);
    case 'gift_returned':
      return addressed(await giftReturnedMail(ctx, job.donationId), giftReturned);
  }
}

function addressed<Wanted extends { to: string }>(
  wanted: Wanted | null,
  letterOf: (values: Wanted) => Letter,
): Written | null {
  return wanted && { to: wanted.to, letter: letterOf(wanted) };
}
