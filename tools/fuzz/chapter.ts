import { rollDice, shuffled, weightedDraw, type Dice } from '../demo-data/random.js';
import type { ApiDocument, Operation } from './document.js';
import { decentRequest, fillPath, type Draft } from './requests.js';
import { spoil } from './spoilers.js';
import { signAsStripe, WEBHOOK } from './stripe-events.js';
import { listOf, World } from './world.js';

/** Sends requests at once, lets the world learn from what comes back, and gives the statuses. */
export type Perform = (drafts: Draft[], world: World) => Promise<number[]>;

/** What every chapter begins with, twice over, and what must succeed: a jar of one's own, and somebody else's. */
export const OPENING = [
  'POST /parents/',
  'POST /parents/{id}/children/',
  'POST /children/{id}/campaigns/',
  'POST /campaigns/{id}/donations/',
  'GET /parents/{id}/sessions/',
];

const SIGN_IN = 'POST /api/token/';

const STEPS = 70;

/** Of the events that come as from Stripe: those with its signature. */
const SIGNED = 0.7;

/** Requests in a burst. */
const MOST_AT_ONCE = 8;

/** Of each list and person at the end of a chapter, for deletions take many requests. */
const MOST_LEFT_BEHIND = 3;

interface Chapter {
  seed: number;
  number: number;
  /** Tells this run's names from those of others. */
  mark: string;
  /** Stripe's, if events are to be signed. */
  webhookSecret: string | undefined;
}

/**
 * One chapter: people of its own, who do decent and nasty things in a sequence that its seed and number
 * determine. `left` tells how many requests may still be made.
 */
export async function playChapter(
  { seed, number, mark, webhookSecret }: Chapter,
  document: ApiDocument,
  perform: Perform,
  left: () => number,
): Promise<void> {
  const world = new World(`${mark}-${number}`);
  const draw = operationDraw(document);
  const make = (dice: Dice) => {
    const draft = decentRequest(dice, draw(dice), world, document);
    const isEvent = draft.operation?.name === WEBHOOK && webhookSecret !== undefined;
    if (isEvent && dice.chance(SIGNED)) signAsStripe(draft, dice, world, webhookSecret);
    return draft;
  };
  await open(rollDice(seed, `${number}/opening`), document, world, perform);
  const peopled = world.people.length > 0;
  const goesOn = () => left() > 0 && (!peopled || world.people.length > 0);
  for (let step = 1; step <= STEPS && goesOn(); step += 1) {
    const roll = (label: string) => rollDice(seed, `${number}/${step}/${label}`);
    await signInAgain(roll('sign in'), document, world, perform);
    const drafts = draftsOf(roll, make, document, world);
    await perform(drafts.slice(0, Math.max(left(), 1)), world);
  }
  await takeLeave(rollDice(seed, `${number}/end`), document, world, perform, left);
}

/** Deletions seldom, for most requests need something that is there; and pages that never change. */
function operationDraw({ operations }: ApiDocument): (dice: Dice) => Operation {
  const draw = weightedDraw(
    operations.map(({ name, method }) => {
      if (name === 'DELETE /parents/{id}/') return 0.2;
      return method === 'DELETE' || / \/(docs|openapi|health)/.test(name) ? 0.3 : 1;
    }),
  );
  return (dice) => operations[draw(dice)]!;
}

async function open(dice: Dice, document: ApiDocument, world: World, perform: Perform) {
  for (let family = 1; family <= 2; family += 1) {
    for (const name of OPENING) {
      const operation = document.operations.find((one) => one.name === name);
      if (!operation) continue;
      const draft = decentRequest(dice, operation, world, document);
      await perform([draft], world);
    }
    // The newest begins the next story of its own.
    world.people.reverse();
  }
}

async function signInAgain(dice: Dice, document: ApiDocument, world: World, perform: Perform) {
  const operation = document.operations.find(({ name }) => name === SIGN_IN);
  for (const person of world.people.filter(({ signedOut }) => signedOut)) {
    if (!operation) return;
    const { email, password } = person;
    const draft = decentRequest(dice, operation, world, document);
    draft.body = Buffer.from(JSON.stringify({ email, password }));
    const [status] = await perform([draft], world);
    // Gone, or with a password that was changed in a race.
    if (status !== 200) world.lose(person);
  }
}

/** Deletes what there is, from the smallest to the whole, while its owner goes on using it. */
async function takeLeave(
  dice: Dice,
  document: ApiDocument,
  world: World,
  perform: Perform,
  left: () => number,
): Promise<void> {
  const used = document.operations.filter(({ token }) => token !== 'ignored');
  for (const name of [
    'DELETE /campaigns/{id}/',
    'DELETE /children/{id}/',
    'DELETE /parents/{id}/',
  ]) {
    const deletion = document.operations.find((operation) => operation.name === name);
    for (const person of world.people) {
      const ids = person.ids.get(listOf(deletion?.path ?? '')) ?? [];
      for (const id of ids.slice(-MOST_LEFT_BEHIND)) {
        if (!deletion || left() <= 0) return;
        const make = () => decentRequest(dice, dice.pick(used), world, document, person);
        const drafts = Array.from({ length: dice.between(1, MOST_AT_ONCE - 1) }, make);
        const last = decentRequest(dice, deletion, world, document, person);
        last.target = fillPath(deletion, () => `${id}`);
        await perform(shuffled(dice, [...drafts, last]), world);
      }
    }
  }
}

/**
 * One request, or a burst of the same or of several. Each has dice of its own: what an answer taught doesn't
 * change which operations follow.
 */
function draftsOf(
  roll: (label: string) => Dice,
  makeBy: (dice: Dice) => Draft,
  document: ApiDocument,
  world: World,
): Draft[] {
  const make = (label: string) => makeBy(roll(label));
  const dice = roll('kind');
  const [kind, count] = [dice.throw(), dice.between(2, MOST_AT_ONCE)];
  const first = make('1');
  if (dice.chance(0.5)) spoil(first, { dice, world, document });
  if (kind < 0.75) return [first];
  if (kind < 0.87) return Array.from({ length: count }, () => first);
  return [first, ...Array.from({ length: count - 1 }, (_, index) => make(`${index + 2}`))];
}
