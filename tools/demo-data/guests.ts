import { mailAddress, plainLetters, type PersonName } from './names.js';
import { rollDice, type Dice } from './random.js';

export interface Guest {
  name: string;
  email: string;
}

/** Enough that few gifts come from the same, few enough to be made once. */
const GUESTS = 5_000;

const SIGNATURES = [
  'Grandma Rose',
  'Grandpa Joe',
  'Aunt Kate',
  'Uncle Ben',
  'Oma Hilde',
  'Tía Carmen',
  'Mémé Jeanne',
  'Babcia Ewa',
  'Class 4b',
  'The people next door',
  'The bakery on the corner',
  'The choir',
];

/** People who give without an account. */
export function makeGuests(seed: number, drawName: (dice: Dice) => PersonName): Guest[] {
  const dice = rollDice(seed, 'guests');
  return Array.from({ length: GUESTS }, (_, index) => {
    const { first, last } = drawName(dice);
    const localPart = `${plainLetters(first)}_${plainLetters(last)}${index + 1}`;
    return { name: signature(dice, first, last), email: mailAddress(dice, localPart) };
  });
}

function signature(dice: Dice, first: string, last: string): string {
  if (dice.chance(0.65)) return `${first} ${last}`;
  if (dice.chance(0.6)) return first;
  return dice.chance(0.5) ? `The ${last} family` : dice.pick(SIGNATURES);
}
