import { isIP } from 'node:net';
import { z } from 'zod';
import { isOriginPattern } from '../core/origins.js';

const MINUTE = 60;
const SECONDS_PER: Record<string, number> = {
  s: 1,
  m: MINUTE,
  h: 60 * MINUTE,
  d: 24 * 60 * MINUTE,
};

/** Decimal digits alone: coercion would take `1e3`, `0x50` and a blank. */
export const wholeNumber = (
  min: number,
  max: number,
  error = `a whole number from ${min} to ${max}`,
) =>
  z
    .string()
    .regex(/^\d{1,9}$/, { error, abort: true })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error });

/** A length of time, in whole seconds. */
export const duration = z
  .string()
  .regex(/^[1-9]\d{0,6}[smhd]$/, 'a number and one of s, m, h, d, such as 60m')
  .transform((text) => Number.parseInt(text, 10) * SECONDS_PER[text.slice(-1)]!);

/** `user@/name` is PostgreSQL's own way to name the local socket. */
export const postgresUrl = z
  .string()
  .refine(
    (url) => /^postgres(ql)?:\/\//.test(url) && URL.canParse(url.replace('@/', '@localhost/')),
    'a postgresql:// URL',
  );

/** As it was given: providers compare a callback's address letter by letter. */
export const exactUrl = z
  .url({ protocol: /^https?$/, error: 'an http or https URL' })
  .refine((url) => !/[?#]/.test(url), 'an http or https URL with nothing after its path')
  .refine((url) => !/^\w+:\/\/[^/]*@/.test(url), 'an http or https URL with no user and password');

/** `smtp://` alone is a URL too, of no host. */
export const smtpUrl = z
  .string()
  .refine(
    (url) => /^smtps?:\/\//.test(url) && URL.canParse(url) && new URL(url).hostname !== '',
    'an smtp or smtps URL with a host',
  );

/** With no slash at the end. */
export const httpUrl = exactUrl.transform((url) => url.replace(/\/+$/, ''));

const origin = z.string().refine(isOriginPattern, {
  error:
    'origins (scheme and host, with no path and no slash at the end), separated by commas; ' +
    'a * may stand for the first label where at least two follow',
});

/** Origins of browser apps, separated by commas. */
export const origins = z
  .string()
  .transform((list) => list.split(',').map((item) => item.trim()))
  .pipe(z.array(origin));

/** Express's `trust proxy`. */
export const trustProxy = z
  .string()
  .transform((text) =>
    /^\d{1,2}$/.test(text) ? Number(text) : text.split(',').map((a) => a.trim()),
  )
  .refine((trusted) => typeof trusted === 'number' || trusted.every(isProxyAddress), {
    error: 'how many proxies stand in front, or their addresses, separated by commas',
  });

/** What Express takes: an address, a range such as 10.0.0.0/8, or one of its three names. */
function isProxyAddress(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const [address = '', bits = '1', ...more] = text.split('/');
  const longest = { 4: 32, 6: 128 }[isIP(address)] ?? 0;
  return more.length === 0 && /^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= longest;
}
