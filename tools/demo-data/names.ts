import { de, en, es, Faker, fr, it, ja, nl, pl, pt_BR, sv } from '@faker-js/faker';
import { inForm, tidy } from '../../src/core/text.js';
import type { Dice } from './random.js';

const CULTURES = [[en], [en], [en], [de], [fr], [es], [pl], [it], [nl], [sv], [pt_BR], [ja, en]];

/** Names of each kind to draw from: faker is slow, so it is asked once. */
const NAMES_PER_CULTURE = 60;

/** Letters that are no letter with an accent, so that taking accents off leaves them. */
const LATIN: Record<string, string> = { ł: 'l', ß: 'ss', ø: 'o', æ: 'ae', œ: 'oe', ı: 'i', đ: 'd' };

const MAIL_DOMAINS = ['example.com', 'example.org', 'example.net'];

/** The name of a grown-up. */
export interface PersonName {
  first: string;
  last: string;
}

/** A way to draw names of grown-ups, first and last of one culture. */
export function nameBook(seed: number): (dice: Dice) => PersonName {
  const pages = CULTURES.map((locale) => {
    const { person } = new Faker({ locale, seed });
    const draw = (name: () => string) =>
      Array.from({ length: NAMES_PER_CULTURE }, () => tidy(name()));
    return { first: draw(() => person.firstName()), last: draw(() => person.lastName()) };
  });
  return (dice) => {
    const page = dice.pick(pages);
    return { first: dice.pick(page.first), last: dice.pick(page.last) };
  };
}

/** A name in the letters a to z, `family` if it has none of them. */
export function plainLetters(name: string): string {
  const plain = name.toLowerCase().replace(/[łßøæœıđ]/g, (letter) => LATIN[letter]!);
  const letters = inForm('NFKD', plain).replace(/[^a-z]/g, '');
  return letters || 'family';
}

/** An address that belongs to nobody: these domains are set aside for examples. */
export function mailAddress(dice: Dice, localPart: string): string {
  return `${localPart}@${dice.pick(MAIL_DOMAINS)}`;
}
