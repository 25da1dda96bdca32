import { FIELD_ERRORS, patternOf } from '../../core/field-errors.js';

const SENTENCES = Object.values(FIELD_ERRORS);

/** The catalog of field errors as JSON Schema: what has no values as an enum, each other sentence as a pattern. */
export function fieldErrorSchema() {
  const fixed = SENTENCES.filter((sentence) => patternOf(sentence) === undefined);
  const others = SENTENCES.flatMap((description) => {
    const pattern = patternOf(description);
    return pattern === undefined ? [] : [{ type: 'string' as const, pattern, description }];
  });
  return { type: undefined, anyOf: [{ type: 'string' as const, enum: fixed }, ...others] };
}

/** The same for readers, in Markdown: folded, for the page at `/docs` begins with it. */
export function describeFieldErrors(): string {
  const list = SENTENCES.map((sentence) => `- \`${sentence}\``).join('\n');
  return `<details><summary>Field errors</summary>

A field error is always one of these sentences, so that clients can translate it. A name in braces stands for a
value. In the schema \`FieldError\` they are an enum and patterns.

${list}

</details>`;
}
