/**
 * Every sentence that a field error can hold; a name in braces stands for a value. Clients translate by these
 * sentences, so changing one is a breaking change.
 */
export const FIELD_ERRORS = {
  required: 'This field is required.',
  null: 'This field may not be null.',
  blank: 'This field may not be blank.',
  invalid: 'Not a valid value.',
  notAnObject: 'The body must be a JSON object.',
  notAString: 'Not a valid string.',
  notUnicode: 'Not valid Unicode text.',
  notUtf8: 'Not percent-encoded UTF-8.',
  controlCharacters: 'Control characters are not allowed.',
  tooManyMarks: 'Too many marks on one letter: {max} at most.',
  tooShort: 'Ensure this field has at least {min} characters.',
  tooLong: 'Ensure this field has no more than {max} characters.',
  tooManyBytes: 'Ensure this field has no more than {max} bytes.',
  tooFewItems: 'Ensure this list has at least {min} items.',
  tooManyItems: 'Ensure this list has no more than {max} items.',
  notABoolean: 'Must be true or false.',
  notAWholeNumber: 'A whole number is required.',
  tooSmall: 'Ensure this value is greater than or equal to {min}.',
  tooLarge: 'Ensure this value is less than or equal to {max}.',
  notAChoice: 'Not a valid choice: one of {choices}.',
  notAnId: 'Not a valid id.',
  notAListOfIds: 'A list of ids is required.',
  notAUrl: 'Enter a valid http or https URL.',
  notAnEmail: 'Enter a valid email address.',
  emailRefusedByStripe: 'Stripe does not accept this email address.',
  usernameTaken: 'A user with that username already exists.',
  emailTaken: 'A user with that email already exists.',
  commonPassword: 'This password is too common.',
  wrongPassword: 'This is not your current password.',
  notACode: 'The code has eight letters and digits.',
  wrongCode: 'This code is wrong or too old. Ask for a new one if it keeps failing.',
  wrongLink: 'This link is wrong, used or too old.',
  notADate: 'Not a valid date: use YYYY-MM-DD.',
  bornInTheFuture: 'The date of birth lies in the future.',
  tooOld: 'The child must be under {age} years old.',
  tellsTheName: 'Must not contain another word of the name.',
  notADeadline:
    'Not a valid deadline: use a time such as 2026-03-01T18:00:00Z, or a date such as 2026-03-01.',
  deadlineRequired: 'Required when has_deadline is true.',
  deadlineNotInFuture: 'The deadline must lie in the future.',
  closedByGoal:
    'It has reached its goal, at which it closes: set close_when_funded to false or a higher goal.',
  closedByDeadline:
    'Its deadline has passed, at which it closes: set close_at_deadline to false or a later deadline.',
  tooManyChildren: 'You can have {max} children at most.',
  tooManyCampaigns: 'A child can have {max} campaigns at most.',
  tooManyOpenCampaigns: 'A child can have {max} open campaigns at most: close one first.',
  amountTooSmallToPay: 'This amount is too small to be paid. Give more.',
  amountTooLargeToPay: 'This amount is too large to be paid at once. Give less.',
  notClaimable: 'Not all of these are donations that you can claim.',
  tooManyWords: 'Use at most {max} different words.',
  wordsTooLong: 'Ensure the different words have no more than {max} characters together.',
  otherParameter: 'There is no such parameter here: use {parameter}.',
  badCursor: 'Invalid cursor.',
  badIdempotencyKey: 'The Idempotency-Key header takes 1 to 255 printable ASCII characters.',
  emptyRange: 'The last day lies before the first, which is {from}.',
  rangeTooLong: 'From {from} to {to} are more than {max} days.',
} as const;

type Sentences = typeof FIELD_ERRORS;

/** What the values in sentences look like, as patterns. */
const VALUES = {
  min: String.raw`\d+`,
  max: String.raw`\d+`,
  age: String.raw`\d+`,
  from: String.raw`\d{4}-\d\d-\d\d`,
  to: String.raw`\d{4}-\d\d-\d\d`,
  choices: '.+',
  parameter: '[a-z_ ]+',
};

type ValuesOf<Sentence> = Sentence extends `${string}{${infer Name}}${infer Rest}`
  ? (Name & keyof typeof VALUES) | ValuesOf<Rest>
  : never;

type Arguments<Sentence> = [ValuesOf<Sentence>] extends [never]
  ? []
  : [values: Record<ValuesOf<Sentence>, string | number>];

/** A sentence of the catalog with its values. Only `fieldError` makes one. */
export type FieldError = string & { readonly catalog: 'field errors' };

/** A sentence of the catalog, with its values if it has any. */
export function fieldError<Name extends keyof Sentences>(
  name: Name,
  ...[values]: Arguments<Sentences[Name]>
): FieldError {
  return withValues(FIELD_ERRORS[name], values ?? {}) as FieldError;
}

/** The sentence of a schema's issue: schemas have no others, which a test checks. */
export function messageOf({ message }: { message: string }): FieldError {
  return message as FieldError;
}

/** The pattern of all that a sentence can become; for a sentence without values, undefined. */
export function patternOf(sentence: string): string | undefined {
  const escaped = sentence.replaceAll('.', String.raw`\.`);
  const pattern = withValues(escaped, VALUES);
  return pattern === escaped ? undefined : `^${pattern}$`;
}

function withValues(sentence: string, values: Partial<Record<string, string | number>>): string {
  return sentence.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
}
