import { fieldError, type FieldError } from '../../../core/field-errors.js';

/** Below this age a child may have a profile and new campaigns. */
export const AGE_LIMIT = 16;

/** Whole years on the UTC day of `now`. Who was born on 29 February turns a year older on 1 March in other years. */
export function ageOn(now: Date, dateOfBirth: string): number {
  const today = now.toISOString().slice(0, 10);
  const hadBirthday = today.slice(5) >= dateOfBirth.slice(5);
  return Number(today.slice(0, 4)) - Number(dateOfBirth.slice(0, 4)) - (hadBirthday ? 0 : 1);
}

/** Whether a child is still too young for an account: under 16 today. */
export function isUnderAgeLimit(now: Date, dateOfBirth: string): boolean {
  return ageOn(now, dateOfBirth) < AGE_LIMIT;
}

/** Why a date of birth can't be accepted today, or null when it can. */
export function dateOfBirthError(now: Date, dateOfBirth: string): FieldError | null {
  if (dateOfBirth > now.toISOString().slice(0, 10)) return fieldError('bornInTheFuture');
  return isUnderAgeLimit(now, dateOfBirth) ? null : fieldError('tooOld', { age: AGE_LIMIT });
}
