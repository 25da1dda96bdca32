import { StartError } from '../core/errors.js';

/** What a failure to connect is known by: the code of PostgreSQL or of Node, or words of its message. */
interface Advice {
  when: RegExp;
  advice: (variable: string) => string;
}

const TLS_UNVERIFIED =
  /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_|ALTNAME_INVALID|HOSTNAME_MISMATCH/;

/** The first that fits says what to do. */
const ADVICE: Advice[] = [
  {
    when: /no encryption|SSL off|SSL (connection )?is required|requires? (an? )?(SSL|TLS|encrypted)/i,
    advice: (variable) =>
      `It wants TLS: add ?sslmode=verify-full to ${variable}, or ?sslmode=no-verify (or set PGSSLMODE=no-verify) where its certificate is signed by nobody known, as on Heroku.`,
  },
  {
    when: TLS_UNVERIFIED,
    advice: (variable) =>
      `Its certificate can't be verified: name the file of its authority in ${variable} by sslrootcert=, or don't verify it, by sslmode=no-verify (or PGSSLMODE=no-verify), as Heroku needs.`,
  },
  {
    when: /does not support SSL/,
    advice: (variable) => `Take sslmode out of ${variable}, and PGSSLMODE out of the environment.`,
  },
  {
    when: /startup parameter.*options|options.*startup parameter/,
    advice: (variable) =>
      `The pooler doesn't pass it on: take options out of ${variable} and PGOPTIONS out of the environment, or set ignore_startup_parameters = options in PgBouncer.`,
  },
  { when: /no pg_hba\.conf entry|pg_hba\.conf rejects/, advice: () => 'Let this role in there.' },
  {
    when: /28P01|password|authentication|SASL/,
    advice: (variable) => `Check user and password in ${variable}.`,
  },
  {
    when: /3D000/,
    advice: (variable) => `Create the database, or check its name in ${variable}.`,
  },
  {
    when: /53300|too many|no more connections|remaining connection slots/,
    advice: () =>
      'End other programs, lower DATABASE_POOL_SIZE and WEB_CONCURRENCY, or raise the limit there.',
  },
  {
    when: /57014/,
    advice: () => 'The role or the database sets a statement_timeout that is too short: raise it.',
  },
  { when: /57P03|starting up|shutting down/, advice: () => 'Start again in a moment.' },
  { when: /42501/, advice: () => 'Have its owner or a superuser set that right.' },
];

/** One sentence or two for whoever starts the program: what the server said, and what to set. Never a password. */
export function explainConnectionFailure(cause: unknown, variable = 'DATABASE_URL'): StartError {
  const { code, message } = wordsOf(cause);
  const known = ADVICE.find(({ when }) => when.test(`${code ?? ''} ${message}`));
  const told = code && !message.includes(code) ? `${message} (${code})` : message;
  const advice = known?.advice(variable) ?? `Check ${variable}.`;
  return new StartError(`The database can't be reached: ${told}. ${advice}`, { cause });
}

/** Of several addresses that were tried, the first; in one line. */
function wordsOf(cause: unknown): { code: string | undefined; message: string } {
  const tried = cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause;
  const { code, message } = tried as { code?: string; message?: string };
  const line = (message || 'no answer').replace(/\s+/g, ' ').replace(/\.$/, '');
  return { code, message: line };
}
