import { pino, type DestinationStream, type Logger } from 'pino';
import { describeError } from './error-report.js';

/**
 * The program's logger: one JSON line an event. Personal data has no field here; should a careless line
 * carry one all the same, the names below are censored.
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const secret = [
    'authorization',
    'cookie',
    'password',
    'current_password',
    'access',
    'refresh',
    'token',
  ];
  const personal = [
    'email',
    'donor_email',
    'name',
    'donor_name',
    'first_name',
    'last_name',
    'username',
  ];
  const child = ['date_of_birth', 'gender', 'profile_picture', 'body', 'query'];
  const names = [...secret, ...personal, ...child];
  return pino(
    {
      level,
      base: { pid: process.pid },
      redact: { paths: [...names, ...names.map((name) => `*.${name}`)], censor: '[hidden]' },
      serializers: { err: describeError },
    },
    ...(destination ? [destination] : []),
  );
}

export type { Logger };
