import type { Context } from '../../../context.js';
import type { Transaction } from '../../../database/client.js';
import { Refusal } from '../../../core/errors.js';
import { enqueue } from '../../../database/enqueue.js';
import {
  returnToLastAddress,
  returnToProvenAddress,
} from '../email-change/email-change.service.js';
import { createProvenParent } from '../parents/parents.service.js';
import type { Person } from './google.schemas.js';
import { endSessions } from '../sessions/sessions.service.js';
import { lockByAddress, lockLinked, waitForOthersOf, type Account } from './google.queries.js';

/** Each try but the last lost to another who took the same address or username at the same moment. */
const MOST_TRIES = 4;

/**
 * The parent who this person is: the one linked before, else the one with the verified address, who is linked
 * now, else a new one. Their row stays locked until the transaction ends.
 * @throws Refusal `google_…` when this person may be nobody here.
 */
export async function parentOf(ctx: Context, tx: Transaction, person: Person): Promise<number> {
  const { sub, verifiedEmail } = person;
  await waitForOthersOf(tx, sub);
  const linked = await lockLinked(tx, sub);
  if (linked) return active(linked).id;
  if (verifiedEmail === undefined) {
    throw new Refusal('google_email_not_verified', 'Google has not verified your email address.');
  }
  // Who reads the address may undo that an account has left it, as by the link that was mailed there.
  await returnToProvenAddress(ctx, tx, verifiedEmail);
  for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
    const registered = await lockByAddress(tx, verifiedEmail);
    if (registered && (await givesWay(ctx, tx, registered))) continue;
    if (registered) return link(ctx, tx, active(registered), person);
    const id = await createProvenParent(ctx, tx, {
      email: verifiedEmail,
      googleSub: sub,
      firstName: person.firstName,
      lastName: person.lastName,
    });
    if (id !== undefined) return id;
  }
  throw new Refusal('unavailable', 'Many are registering at once. Try again in a moment.');
}

function active(account: Account): Account {
  if (account.isActive) return account;
  throw new Refusal('google_account_inactive', 'This account is not active.');
}

/**
 * Whether an account that had proved another address was moved here without proving this one: it is not this
 * person's. It returns there, with the family in it, and the address is free.
 */
async function givesWay(ctx: Context, tx: Transaction, account: Account): Promise<boolean> {
  return account.emailVerifiedAt === null && (await returnToLastAddress(ctx, tx, account.id));
}

/**
 * Links a parent to the person who owns the address. A code may have been guessed or talked out of that person: a
 * password stays only if it was set by a mailed link, and all who are signed in are signed out. If nobody had
 * proved the address, another Google account is unlinked too.
 */
async function link(
  ctx: Context,
  tx: Transaction,
  parent: Account,
  { sub, firstName, lastName }: Person,
): Promise<number> {
  const { id, emailVerifiedAt, passwordByMail } = parent;
  const unproven = emailVerifiedAt === null;
  if (parent.googleSub !== null && !unproven) {
    throw new Refusal(
      'google_linked_elsewhere',
      'The account with this address belongs to another Google account.',
    );
  }
  await tx.parent.update({
    where: { id },
    data: {
      googleSub: sub,
      emailVerifiedAt: emailVerifiedAt ?? ctx.now,
      firstName: parent.firstName || firstName,
      lastName: parent.lastName || lastName,
      ...(!passwordByMail && { passwordHash: null }),
    },
  });
  await tx.emailCode.deleteMany({ where: { parentId: id } });
  await tx.passwordReset.deleteMany({ where: { parentId: id } });
  await endSessions(tx, id);
  await enqueue(tx, 'send_mail', { mail: 'google_linked', parentId: id });
  return id;
}
