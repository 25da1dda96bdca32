import type { Category, Idea } from './ideas.js';
import type { Dice } from './random.js';
import { CLOSINGS, COSTS, DETAILS, OPENINGS } from './phrases.js';

const TITLES: Record<Category, readonly string[]> = {
  sports: [
    '{What} for {name}',
    'Help {name} get {what}',
    '{name} is ready for {what}',
    'Game on: {what} for {name}',
    'Team {name}: {what}',
  ],
  education: [
    '{What} for {name}',
    'Help {name} get {what}',
    'Curious minds: {what} for {name}',
    '{name} would learn so much with {what}',
    'Never stop asking: {what} for {name}',
  ],
  hobbies: [
    '{What} for {name}',
    '{name} would love {what}',
    'Help {name} get {what}',
    'A little more joy: {what} for {name}',
    'Small hands, big plans: {what} for {name}',
  ],
  health: [
    '{What} for {name}',
    'Help {name} get {what}',
    '{What} would change so much for {name}',
    'One step lighter: {what} for {name}',
    '{name} is brave, and needs {what}',
  ],
  dreams: [
    '{What} for {name}',
    '{name} dreams of {what}',
    'Make it come true: {what} for {name}',
    '{name} has one big wish: {what}',
    'Once in a childhood: {what} for {name}',
  ],
};

/** A title that fits the idea; `name` is all that the public may see of a child's name. */
export function titleOf(dice: Dice, idea: Idea, name: string): string {
  return fill(dice.pick(TITLES[idea.category]), { what: idea.what, name });
}

/** Every title that `titleOf` can give. */
export function titlesOf(idea: Idea, name: string): string[] {
  return TITLES[idea.category].map((title) => fill(title, { what: idea.what, name }));
}

/** A story in three short paragraphs. Tells neither age nor gender: what the API hides, it doesn't betray. */
export function storyOf(dice: Dice, idea: Idea, name: string, goal: number): string {
  const cost = goal.toLocaleString('en');
  const paragraphs = [
    [dice.pick(OPENINGS), idea.why],
    [dice.pick(DETAILS[idea.category]), dice.pick(COSTS)],
    [dice.pick(CLOSINGS)],
  ];
  return paragraphs
    .map((sentences) =>
      sentences.map((text) => fill(text, { what: idea.what, name, cost })).join(' '),
    )
    .join('\n\n');
}

/** A text with its slots filled; a slot that begins with a capital gives one to what fills it. */
export function fill(text: string, slots: Record<string, string>): string {
  return text.replace(/\{(\w+)\}/g, (slot, key: string) => {
    const value = slots[key] ?? slots[key.toLowerCase()] ?? slot;
    return key in slots ? value : value.charAt(0).toUpperCase() + value.slice(1);
  });
}
