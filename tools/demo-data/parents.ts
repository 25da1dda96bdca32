import { DAY, moment, SECOND } from './calendar.js';
import { mailAddress, plainLetters, type PersonName } from './names.js';
import { rollDice, type Dice } from './random.js';

/** A parent, by the names of the columns. */
export interface ParentRow {
  username: string;
  email: string;
  password_hash: string;
  first_name: string;
  last_name: string;
  date_joined: string;
}

/** Days ago: the demo parent was the first to join. */
const FIRST_JOINED = 730;

/** The columns of `ParentRow`. */
export const PARENT_COLUMNS = {
  username: 'text',
  email: 'text',
  password_hash: 'text',
  first_name: 'text',
  last_name: 'text',
  date_joined: 'timestamptz',
};

/** What sets apart the names of one seed from those of another; the first seed needs nothing. */
function tagOf(seed: number): string {
  return seed === 1 ? '' : `-s${seed}`;
}

/** The email of the first parent, the one whose login is told. */
export function demoEmail(seed: number): string {
  return `demo${tagOf(seed)}@example.com`;
}

/** When each parent joined: the first long ago, the others since. In rising order. */
export function joiningTimes(seed: number, count: number, today: number): number[] {
  const dice = rollDice(seed, 'joining');
  const daysAgo = Array.from({ length: count - 1 }, () => 3 + dice.throw() * (FIRST_JOINED - 10));
  return [FIRST_JOINED, ...daysAgo.sort((a, b) => b - a)].map(
    (days) => Math.floor((today - days * DAY) / SECOND) * SECOND,
  );
}

/** All parents of a run, the demo parent first. */
export function makeParents(
  seed: number,
  joined: readonly number[],
  passwordHash: string,
  drawName: (dice: Dice) => PersonName,
): ParentRow[] {
  const dice = rollDice(seed, 'parents');
  return joined.map((time, index) => {
    const shown = {
      ...(index === 0 ? demoParent(seed) : otherParent(seed, index, dice, drawName(dice))),
      date_joined: moment(time),
    };
    return { ...shown, password_hash: passwordHash };
  });
}

function demoParent(seed: number) {
  return {
    username: `demo${tagOf(seed)}`,
    email: demoEmail(seed),
    first_name: 'Robin',
    last_name: 'Sommer',
  };
}

/** The number keeps apart those who share a name. */
function otherParent(seed: number, index: number, dice: Dice, { first, last }: PersonName) {
  const number = `${index + 1}${tagOf(seed)}`;
  return {
    username: `${plainLetters(first)}${number}`,
    email: mailAddress(dice, `${plainLetters(first)}.${plainLetters(last)}.${number}`),
    first_name: dice.chance(0.9) ? first : '',
    last_name: dice.chance(0.85) ? last : '',
  };
}
