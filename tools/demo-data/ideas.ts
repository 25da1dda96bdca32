import { CATEGORIES } from '../../src/features/fundraising/campaigns/campaigns.schemas.js';
import { dreams } from './ideas/dreams.js';
import { education } from './ideas/education.js';
import { health } from './ideas/health.js';
import { hobbies } from './ideas/hobbies.js';
import { sports } from './ideas/sports.js';
import { shuffled, type Dice } from './random.js';

export type Category = (typeof CATEGORIES)[number];

/** Something that a campaign may be for. */
export interface Idea {
  category: Category;
  /** A noun phrase, with its article: `a violin to keep`. */
  what: string;
  /** A sentence or two on why, with `{name}` for the child. */
  why: string;
  goal: readonly [least: number, most: number];
  ages: readonly [youngest: number, oldest: number];
}

const SOURCES: Record<Category, string> = { sports, education, hobbies, health, dreams };

const HEADLINE = /^(\S.*) \| (\d+)-(\d+) \| (\d+)-(\d+)$/;

/** All ideas of a category. */
export function ideasOf(category: Category): Idea[] {
  const lines = SOURCES[category].trim().split('\n');
  return Array.from({ length: lines.length / 2 }, (_, index) =>
    parseIdea(category, lines[2 * index]!, lines[2 * index + 1]!),
  );
}

function parseIdea(category: Category, headline: string, why: string): Idea {
  const parts = HEADLINE.exec(headline);
  if (!parts) throw new Error(`Not an idea: ${headline}`);
  const [least, most, youngest, oldest] = parts.slice(2).map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const goal = [least, most] as const;
  return { category, what: parts[1]!, why: why.trim(), goal, ages: [youngest, oldest] };
}

/**
 * A way to draw an idea that suits an age. Like cards from a shuffled deck: none of a category comes
 * again before all of it that suit have come. Cards that suit nobody for two decks are taken out.
 */
export function ideaDeck(dice: Dice): (age: number) => Idea {
  const decks = new Map<Category, Idea[]>();
  return (age) => {
    const category = dice.pick(CATEGORIES);
    const suits = ({ ages: [youngest, oldest] }: Idea) => youngest <= age && age <= oldest;
    let deck = decks.get(category) ?? [];
    if (!deck.some(suits)) {
      const fresh = shuffled(dice, ideasOf(category));
      deck = [...deck.slice(-fresh.length), ...fresh];
    }
    const [idea] = deck.splice(deck.findIndex(suits), 1);
    decks.set(category, deck);
    return idea!;
  };
}
