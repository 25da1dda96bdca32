import { drawGoal } from './amounts.js';
import { countUntil, DAY, moment, YEAR } from './calendar.js';
import type { Child } from './children.js';
import { drawCourse, openingTimes, type Course } from './course.js';
import { ideaDeck, type Idea } from './ideas.js';
import { rollDice, type Dice } from './random.js';
import { storyOf, titleOf } from './stories.js';

/** A campaign, by the names of the columns; `child_id` comes once the children are stored. */
export interface CampaignRow {
  title: string;
  description: string;
  goal: number;
  category: string;
  image: string | null;
  is_open: boolean;
  deadline: string | null;
  date_created: string;
}

/** A campaign to be stored, and how it goes. */
export interface Campaign extends Course {
  row: CampaignRow;
  /** The child's place in the list of children. */
  child: number;
}

/** The columns of a stored campaign. */
export const CAMPAIGN_COLUMNS = {
  child_id: 'int',
  title: 'text',
  description: 'text',
  goal: 'int',
  category: 'text',
  image: 'text',
  is_open: 'bool',
  deadline: 'timestamptz',
  date_created: 'timestamptz',
};

/** No campaign before a child is this old. */
const SETTLED = 14 * DAY;

/** How often another idea is drawn when the child has had it or the title is taken. */
const ATTEMPTS = 10;

/** All campaigns of a run, the oldest first. The demo parent has the newest, and two more. */
export function makeCampaigns(
  seed: number,
  count: number,
  children: readonly Child[],
  joined: readonly number[],
  today: number,
): Campaign[] {
  const dice = rollDice(seed, 'campaigns');
  const drawTitle = titleDeck(dice);
  const families = familiesOf(children);
  const ofDemo = new Set([count - 1, count >> 1, count >> 2]);
  return openingTimes(dice, count, today).map((opened, index) => {
    const parent = ofDemo.has(index) ? 0 : dice.between(0, countUntil(joined, opened) - 1);
    const place = pickChild(dice, families[parent]!, children, opened);
    const child = children[place]!;
    const { idea, title } = drawTitle(child, opened);
    const course = drawCourse(dice, opened, today);
    const row = makeRow(dice, idea, title, child.row.public_name, course);
    return { ...course, row, child: place };
  });
}

/** The places of each parent's children. */
function familiesOf(children: readonly Child[]): number[][] {
  const families: number[][] = [];
  for (const [place, { parent }] of children.entries()) (families[parent] ??= []).push(place);
  return families;
}

/** A child of the family who was born by then, else the demo parent's eldest. */
function pickChild(
  dice: Dice,
  family: readonly number[],
  children: readonly Child[],
  opened: number,
): number {
  const born = family.filter((place) => children[place]!.born + SETTLED < opened);
  return born.length > 0 ? dice.pick(born) : 0;
}

/** A way to draw an idea that suits the child's age and a title for it, neither seen before if possible. */
function titleDeck(dice: Dice): (child: Child, opened: number) => { idea: Idea; title: string } {
  const drawIdea = ideaDeck(dice);
  const used = new Set<string>();
  const wishes = new Map<Child, Set<string>>();
  return (child, opened) => {
    const wished = wishes.get(child) ?? new Set();
    const age = Math.floor((opened - child.born) / YEAR);
    const draw = () => {
      const idea = drawIdea(age);
      return { idea, title: titleOf(dice, idea, child.row.public_name) };
    };
    let drawn = draw();
    for (let attempt = 1; attempt < ATTEMPTS; attempt += 1) {
      if (!used.has(drawn.title) && !wished.has(drawn.idea.what)) break;
      drawn = draw();
    }
    used.add(drawn.title);
    wishes.set(child, wished.add(drawn.idea.what));
    return drawn;
  };
}

function makeRow(dice: Dice, idea: Idea, title: string, name: string, course: Course): CampaignRow {
  const goal = drawGoal(dice, idea.goal);
  const picture = dice.between(1, 1_000_000);
  return {
    title,
    description: storyOf(dice, idea, name, goal),
    goal,
    category: idea.category,
    image: dice.chance(0.6) ? `https://picsum.photos/seed/${picture}/1200/800` : null,
    is_open: course.isOpen,
    deadline: course.deadline === null ? null : moment(course.deadline),
    date_created: moment(course.opened),
  };
}
