import type { JobContext } from '../context.js';
import type { WrittenMail } from '../core/letter.js';
import type { MailJob, MailSubjects } from '../database/enqueue.js';
import { writeAddressChanged } from '../features/accounts/email-change/email-change.letters.js';
import { writeGoogleLinked } from '../features/accounts/google/google.letters.js';
import { writePasswordChanged } from '../features/accounts/parents/parents.letters.js';
import { writePasswordReset } from '../features/accounts/password-reset/password-reset.letters.js';
import { writeVerification } from '../features/accounts/verification/verification.letters.js';
import {
  writeNotice,
  writeReceipt,
  writeReturned,
} from '../features/giving/receipts/receipts.letters.js';

/** Writes a kind of mail; null when it is no longer wanted. */
type Writer<Subject> = (ctx: JobContext, subject: Subject) => Promise<WrittenMail | null>;

/** What writes each kind of mail. The letters are with their features. */
const WRITERS: { [Kind in keyof MailSubjects]: Writer<MailSubjects[Kind]> } = {
  verify_email: writeVerification,
  password_reset: writePasswordReset,
  password_changed: writePasswordChanged,
  google_linked: writeGoogleLinked,
  address_changed: writeAddressChanged,
  gift_receipt: writeReceipt,
  gift_notice: writeNotice,
  gift_returned: writeReturned,
};

/** Writes a mail; null when it is no longer wanted. */
export function writeMail(ctx: JobContext, job: MailJob): Promise<WrittenMail | null> {
  // The kind and its subject come from one job.
  return (WRITERS[job.mail] as Writer<MailJob>)(ctx, job);
}
