import { GENDERS } from '../../src/features/families/children/children.schemas.js';
import { defaultPublicName } from '../../src/features/families/children/public-name.js';
import { DAY, moment } from './calendar.js';
import { childName } from './child-names.js';
import type { PersonName } from './names.js';
import { rollDice, type Dice } from './random.js';

/** A child, by the names of the columns; `parent_id` comes once the parents are stored. */
export interface ChildRow {
  name: string;
  public_name: string;
  date_of_birth: string;
  gender: string | null;
  profile_picture: string | null;
}

/** A child to be stored. */
export interface Child {
  row: ChildRow;
  /** The parent's place in the list of parents. */
  parent: number;
  born: number;
}

/** The columns of a stored child. */
export const CHILD_COLUMNS = {
  parent_id: 'int',
  name: 'text',
  public_name: 'text',
  date_of_birth: 'date',
  gender: 'text',
  profile_picture: 'text',
};

/** A little less than sixteen years, whatever leap years lie between: nobody is 16 today. */
const OLDEST_IN_DAYS = 5_840;

/** The demo parent's eldest, for whom there is always something to wish. */
const NINE_YEARS_IN_DAYS = 3_400;

const HOW_MANY = [1, 1, 1, 2, 2, 2, 2, 3, 3, 4];

/** One to four children for each parent, in the order of the parents. */
export function makeChildren(
  seed: number,
  parents: readonly { last_name: string }[],
  today: number,
  drawName: (dice: Dice) => PersonName,
): Child[] {
  const dice = rollDice(seed, 'children');
  return parents.flatMap(({ last_name: last }, parent) => {
    const family = last || drawName(dice).last;
    return Array.from({ length: dice.pick(HOW_MANY) }, (_, place) => {
      const days = dice.between(0, OLDEST_IN_DAYS);
      const born = today - DAY * (parent === 0 && place === 0 ? NINE_YEARS_IN_DAYS : days);
      return { row: makeRow(dice, family, born), parent, born };
    });
  });
}

function makeRow(dice: Dice, family: string, born: number): ChildRow {
  const gender = dice.chance(0.15) ? null : dice.pick(GENDERS.slice(0, dice.chance(0.9) ? 2 : 3));
  const name = childName(dice, gender, family);
  const picture = dice.between(1, 1_000_000);
  return {
    name,
    public_name: defaultPublicName(name),
    date_of_birth: moment(born).slice(0, 10),
    gender,
    profile_picture: dice.chance(0.4)
      ? `https://api.dicebear.com/9.x/fun-emoji/svg?seed=${picture}`
      : null,
  };
}
