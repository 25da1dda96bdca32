import { fitOf, GIFT_SIZES } from './amounts.js';
import { DAY, SECOND } from './calendar.js';
import type { Campaign } from './campaigns.js';
import { rollDice, shuffled, weightedDraw, type Dice } from './random.js';

/** A gift to be: when, to which campaign, of which size. */
export interface PlannedGift {
  time: number;
  /** The campaign's place in the list of campaigns. */
  campaign: number;
  /** The size's place in `GIFT_SIZES`. */
  size: number;
}

/** How unequal the campaigns are: Zipf's law, flattened for the first few. */
const SKEW = 1;
const FLATTENED = 0.06;

/** Campaigns that nobody has found yet. */
const OVERLOOKED = 0.08;

/** Until it is this old, a campaign has had less time to be found. */
const WELL_KNOWN = 21 * DAY;

/**
 * All gifts of a run in the order of their times. Each is packed into one number, which sorts fast and
 * keeps a million of them in eight megabytes.
 */
export function* planGifts(
  seed: number,
  count: number,
  campaigns: readonly Campaign[],
  today: number,
): Generator<PlannedGift> {
  if (count === 0) return;
  const origin = campaigns[0]!.opened;
  for (const packed of packGifts(seed, count, campaigns, origin, today)) {
    const size = packed % GIFT_SIZES.length;
    const rest = Math.floor(packed / GIFT_SIZES.length);
    const campaign = rest % campaigns.length;
    const time = origin + Math.floor(rest / campaigns.length) * SECOND;
    yield { time, campaign, size };
  }
}

function packGifts(
  seed: number,
  count: number,
  campaigns: readonly Campaign[],
  origin: number,
  today: number,
): Float64Array {
  const dice = rollDice(seed, 'gifts');
  const appeals = appealsOf(dice, campaigns, today);
  const drawSize = weightedDraw(GIFT_SIZES.map(({ share }) => share));
  const drawCampaign = GIFT_SIZES.map((size) =>
    weightedDraw(campaigns.map(({ row }, index) => appeals[index]! * fitOf(size, row.goal))),
  );
  return Float64Array.from({ length: count }, () => {
    const size = drawSize(dice);
    const campaign = drawCampaign[size]!(dice);
    const second = drawSecond(dice, campaigns[campaign]!, origin);
    return (second * campaigns.length + campaign) * GIFT_SIZES.length + size;
  }).sort();
}

/** How many find each campaign: luck, larger goals, and time. The newest is never overlooked. */
function appealsOf(dice: Dice, campaigns: readonly Campaign[], today: number): number[] {
  const ranks = shuffled(dice, [...campaigns.keys()]);
  return campaigns.map(({ row, opened }, index) => {
    const isOverlooked = index < campaigns.length - 1 && dice.chance(OVERLOOKED);
    const rank = 1 + ranks[index]! + FLATTENED * campaigns.length;
    const known = Math.min(1, (today - opened) / WELL_KNOWN) ** 0.5;
    return isOverlooked ? 0 : (row.goal ** 0.72 * known) / rank ** SKEW;
  });
}

/** Seconds since `origin`: after the opening, before the end, and rather soon. */
function drawSecond(dice: Dice, { opened, ended }: Campaign, origin: number): number {
  const first = (opened - origin) / SECOND + 1;
  const length = Math.floor((ended - opened) / SECOND) - 2;
  return first + Math.floor(length * dice.throw() ** 1.4);
}
