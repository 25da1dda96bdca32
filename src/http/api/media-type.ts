import { parse } from 'content-type';

/** Whether a `Content-Type` is JSON in UTF-8, by RFC 9110 (8.3.1): case, white space and other parameters don't matter. */
export function isJsonInUtf8(contentType: string): boolean {
  const { type, parameters } = parse(contentType);
  return type === 'application/json' && isUtf8(parameters['charset'] || 'utf-8');
}

/** By the labels of the Encoding Standard, such as `utf8`. */
function isUtf8(charset: string): boolean {
  try {
    return new TextDecoder(charset).encoding === 'utf-8';
  } catch {
    return false;
  }
}

/** Whether a `Content-Encoding` or `Transfer-Encoding` leaves the bytes as they are. */
export function isUncoded(codings: string | undefined): boolean {
  const names = (codings ?? '').split(',').map((name) => name.trim().toLowerCase());
  return names.every((name) => ['', 'identity', 'chunked'].includes(name));
}
