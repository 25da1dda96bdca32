import { z } from 'zod';
import {
  date,
  id,
  idInPath,
  optionalChoice,
  optionalText,
  optionalUrl,
  text,
} from '../../../core/fields.js';
import { paging } from '../../../http/api/paging.js';
import { LONGEST_PUBLIC_NAME } from './public-name.js';

/** What may be said of a child's gender. */
export const GENDERS = ['male', 'female', 'prefer not to say'] as const;

/** The id of a child, in a path. */
export const ChildPath = z.object({ id: idInPath });

/** A child to be registered (contract, Children). */
export const NewChild = z
  .object({
    name: text({ min: 2, max: 100 }),
    date_of_birth: date,
    public_name: optionalText({ max: LONGEST_PUBLIC_NAME }).meta({
      description:
        'What the public sees as `child_name`. Null and the empty string mean the default: the first word of the ' +
        'name, or the first after a comma; the last half of a name in Han, Hangul or Kana without white space, and ' +
        'of a word that mixes these with other letters the others. It must not contain another word of the name.',
    }),
    gender: optionalChoice(GENDERS),
    profile_picture: optionalUrl,
  })
  .meta({
    id: 'NewChild',
    examples: [{ name: 'Mia Berg', date_of_birth: '2020-05-04', gender: 'female' }],
  });

/** What is to change of a child; what is absent stays. */
export const ChildChanges = NewChild.partial().meta({
  id: 'ChildChanges',
  examples: [{ name: 'Mia Sommer', gender: null }],
});

/** Which page of a parent's children. */
export const ChildrenQuery = paging(z.object({ id }));
