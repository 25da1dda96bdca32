import { drawAmount, GIFT_SIZES } from './amounts.js';
import { countUntil, moment } from './calendar.js';
import { COMMENTS } from './comments.js';
import type { PlannedGift } from './gift-plan.js';
import type { Guest } from './guests.js';
import { rollDice, type Dice } from './random.js';
import { fill } from './stories.js';

/** A donation, by the names of the columns. */
export interface DonationRow {
  campaign_id: number;
  donor_id: number | null;
  amount: number;
  comment: string;
  anonymous: boolean;
  donor_name: string;
  donor_email: string | null;
  date_donated: string;
}

/** The columns of a donation. */
export const DONATION_COLUMNS = {
  campaign_id: 'int',
  donor_id: 'int',
  amount: 'int',
  comment: 'text',
  anonymous: 'bool',
  donor_name: 'text',
  donor_email: 'text',
  date_donated: 'timestamptz',
};

/** What a gift needs to know of the campaign it goes to. */
export interface GivenTo {
  id: number;
  childName: string;
  /** The place of the child's parent in the list of parents. */
  parent: number;
}

/** Who gives. */
export interface Donors {
  guests: readonly Guest[];
  parents: readonly { id: number; name: string }[];
  /** When each parent joined. */
  joined: readonly number[];
}

type Giver = Pick<DonationRow, 'donor_id' | 'donor_name' | 'donor_email'>;

const FROM_PARENTS = 0.4;
const ANONYMOUS = 0.17;
const WITH_COMMENT = 0.7;

/** The rows of the planned gifts, one batch after the other. */
export function* makeDonations(
  seed: number,
  plan: Iterable<PlannedGift>,
  campaigns: readonly GivenTo[],
  donors: Donors,
  batchSize: number,
): Generator<DonationRow[]> {
  const dice = rollDice(seed, 'donations');
  let batch: DonationRow[] = [];
  for (const { time, campaign, size } of plan) {
    const { id, childName, parent } = campaigns[campaign]!;
    batch.push({
      campaign_id: id,
      ...drawGiver(dice, donors, parent, time),
      amount: drawAmount(dice, GIFT_SIZES[size]!),
      comment: dice.chance(WITH_COMMENT) ? fill(dice.pick(COMMENTS), { name: childName }) : '',
      anonymous: dice.chance(ANONYMOUS),
      date_donated: moment(time),
    });
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** A guest, or a parent who had joined by then and gives to another's child. */
function drawGiver(dice: Dice, donors: Donors, owner: number, time: number): Giver {
  const place = dice.between(0, countUntil(donors.joined, time) - 1);
  if (dice.chance(FROM_PARENTS) && place !== owner) {
    const { id, name } = donors.parents[place]!;
    return { donor_id: id, donor_name: name, donor_email: null };
  }
  const { name, email } = dice.pick(donors.guests);
  return { donor_id: null, donor_name: name, donor_email: email };
}
