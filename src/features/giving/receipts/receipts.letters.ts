import type { JobContext } from '../../../context.js';
import {
  letter,
  presentable,
  quoted,
  type Letter,
  type WrittenMail,
} from '../../../core/letter.js';
import { giftNoticeMail, giftReceiptMail, giftReturnedMail } from './gift-mails.service.js';

/** Makes the writer of a mail about a donation: it gives null when the mail is no longer wanted. */
const writerOf =
  <Wanted extends { to: string }>(
    find: (ctx: JobContext, donationId: number) => Promise<Wanted | null>,
    letterOf: (values: Wanted) => Letter,
  ) =>
  async (ctx: JobContext, { donationId }: { donationId: number }): Promise<WrittenMail | null> => {
    const wanted = await find(ctx, donationId);
    return wanted && { to: wanted.to, letter: letterOf(wanted) };
  };

/** Writes the mail with the receipt. */
export const writeReceipt = writerOf(giftReceiptMail, giftReceipt);

/** Writes the mail to the parent of the campaign's child. */
export const writeNotice = writerOf(giftNoticeMail, giftNotice);

/** Writes the mail to the donor of a payment that came too late. */
export const writeReturned = writerOf(giftReturnedMail, giftReturned);

/** Thanks a donor, and says where the receipt is. With no link its number must do. */
function giftReceipt(values: {
  name: string;
  amount: string;
  /** Null where the words of the campaign's parent are not to be passed on. */
  title: string | null;
  childName: string | null;
  number: string;
  link?: string | undefined;
}): Letter {
  const { name, amount, title, childName, number, link } = values;
  const child = childName === null ? null : presentable(childName);
  return letter('Thank you for your gift', name, [
    `Thank you! Your gift of ${amount}${toWhat(title)}${child === null ? '' : ` for ${child}`} has arrived.`,
    `Your receipt has the number ${number}.`,
    ...(link === undefined
      ? []
      : [
          { open: link, label: 'See your receipt' },
          'Whoever has this link can see your receipt, so please keep it to yourself.',
        ]),
  ]);
}

/** Tells a parent of a gift. It names nobody's address. */
function giftNotice(values: {
  name: string;
  donorName: string;
  anonymous: boolean;
  amount: string;
  title: string;
}): Letter {
  const { name, donorName, anonymous, amount, title } = values;
  return letter('A gift for your DreamJar', name, [
    `${quoted(donorName)} gave ${amount} to ${quoted(title)}.`,
    ...(anonymous
      ? ['The gift is anonymous: the public sees "Anonymous" in place of a name.']
      : []),
  ]);
}

/** Tells a donor that the payment came too late. */
function giftReturned(values: { name: string; amount: string; title: string | null }): Letter {
  const { name, amount, title } = values;
  return letter('Your gift goes back to you', name, [
    `Thank you for your gift of ${amount}${toWhat(title)}. When your payment arrived, the campaign had already closed, so it could not be counted.`,
    'The whole amount goes back to you the way you paid it. That takes a few days, and you need not do anything.',
  ]);
}

function toWhat(title: string | null): string {
  return title === null ? '' : ` to ${quoted(title)}`;
}
