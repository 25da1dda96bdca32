import { inForm } from '../../src/core/text.js';
import type { Dice } from './random.js';

const split = (names: string) => names.trim().split(/\s+/);

const GIRLS = split(`
  Mia Emma Zoë Chloé Sofía Lucía Inès Amélie Freya Ida Greta Hanna Lotta Małgosia Zuzanna Agnieszka
  Nina Olivia Ava Isla Ruby Grace Alice Clara Élodie Noémie Beatriz Inês Júlia Giulia Chiara Aurora
  Sanne Fleur Saga Astrid Elsa Leïla Yasmin Amina Aaliyah Priya Anaya Mei Lina Thảo Ngọc 美咲 さくら 陽菜
  Olga Daria София Злата Ελένη Mirjam Orla Niamh Siân Katja Anouk Rosa Ana-María Nour
`);

const BOYS = split(`
  Noah Leo José Łukasz Jonas Emil Björn Søren Théo Gaël Rémi Mateo Hugo Ángel Joaquín Iñaki Paweł
  Tomek Oskar Theodor Ben Jack Oliver Arthur Samuel Isaac Luca Matteo Niccolò João Caetano Tiago
  Daan Bram Sem Nils Åke Viggo Omar Yusuf Ibrahim Malik Arjun Rohan Kiran Wei Minh Đức 蓮 悠真 陽翔
  Иван Мирон Νίκος Cillian Eoin Rhys Finn Anton Jean-Luc Karl Kofi Kwame Zoltán
`);

const EITHER = split(
  `Robin Sascha Charlie Noa Kim Alex Sam Eden Juno Ari Luka Yuki Remy Quinn Marlo`,
);

/** Written as a second first name; the public sees the first alone. */
const SECOND = split(
  `Marie Anna Sofia Lena Rose Juan Paul Elias Jan Noor Aziz Lee Luz Maria Valentin`,
);

/** The whole name of a child: one or two first names, then the family's, which some leave out. */
export function childName(dice: Dice, gender: string | null, family: string): string {
  const first = dice.pick(namesFor(dice, gender));
  const second = dice.chance(0.15) ? [dice.pick(SECOND)] : [];
  const last = dice.chance(0.95) || first.length < 2 ? [family] : [];
  return inForm('NFC', [first, ...second, ...last].join(' '));
}

function namesFor(dice: Dice, gender: string | null): string[] {
  if (gender === 'female') return dice.chance(0.95) ? GIRLS : EITHER;
  if (gender === 'male') return dice.chance(0.95) ? BOYS : EITHER;
  return dice.pick([GIRLS, BOYS, EITHER]);
}
