import type { IncomingHttpHeaders } from 'node:http';
import express, { type Request, type RequestHandler } from 'express';
import { parse } from 'lossless-json';
import { Refusal } from '../../core/errors.js';
import { isJsonInUtf8, isUncoded } from './media-type.js';

/** Bytes (contract, fine print). */
const LARGEST_BODY = 100_000;

/** No request of ours nests deeper than 2. */
const DEEPEST_NESTING = 32;

const WHOLE_NUMBER = /^(0|-?[1-9]\d*)$/;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** What reads the bytes of a body, by the most that it may have. */
const readers = new Map<number, RequestHandler>();

function readerOf(limit: number): RequestHandler {
  const known = readers.get(limit);
  if (known) return known;
  const reader = express.raw({ limit, inflate: false, type: () => true });
  readers.set(limit, reader);
  return reader;
}

/** The most bytes of a signed body, where the route takes one. */
function signedBodyOf({ found }: Request): number | undefined {
  return found?.route?.endpoint.description.signedBody;
}

/**
 * Reads the bytes of a JSON body into `req.rawBody`; other types and encodings are refused, and one whose length is
 * told and too large, unread.
 */
export const readBody: RequestHandler = (req, res, next) => {
  if (!['POST', 'PUT', 'PATCH', 'DELETE'].includes(req.method) || !hasBody(req.headers)) {
    req.body = {};
    next();
    return;
  }
  if (!isJsonInUtf8(req.headers['content-type'] ?? '')) {
    res.set('Accept', 'application/json');
    throw new Refusal('unsupported_media_type', 'Send the body as application/json in UTF-8.');
  }
  if (!isUncoded(req.headers['content-encoding']) || !isUncoded(req.headers['transfer-encoding'])) {
    res.set('Accept-Encoding', 'identity');
    throw new Refusal('unsupported_media_type', 'Send the body uncompressed.');
  }
  const limit = signedBodyOf(req) ?? LARGEST_BODY;
  if (Number(req.headers['content-length']) > limit) throw tooLarge(limit);
  if (isContinueExpected(req.headers)) res.writeContinue();
  // It was looked at above; the reader takes no list and no blank.
  delete req.headers['content-encoding'];
  readerOf(limit)(req, res, (error?: unknown) => {
    if (!error) req.rawBody = req.body as Buffer;
    next(error);
  });
};

/** The refusal of a body over a limit of so many bytes. */
export function tooLarge(limit: number): Refusal {
  return new Refusal('too_large', `The body is larger than ${limit / 1000} kB.`);
}

/** Whether the client waits to hear that the body is wanted before it sends it (RFC 9110, 10.1.1). */
function isContinueExpected({ expect }: IncomingHttpHeaders): boolean {
  return expect?.trim().toLowerCase() === '100-continue';
}

/**
 * Parses those bytes into `req.body`, exactly or not at all: bad UTF-8, deep nesting and a name given twice are
 * refused. No body is an empty object. A signed one stays unparsed: nothing may look into it before its signature
 * is checked.
 */
export const parseBody: RequestHandler = (req, _res, next) => {
  if (req.rawBody) req.body = signedBodyOf(req) === undefined ? parseJson(req.rawBody) : {};
  next();
};

function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** @throws Refusal `malformed` when the bytes aren't JSON that can be stored exactly. */
function parseJson(bytes: Buffer): unknown {
  const text = decode(bytes);
  if (text.trim() === '') return {};
  refuseDeepNesting(text);
  try {
    return parse(text, undefined, {
      parseNumber: wholeNumber,
      onDuplicateKey: () => {
        throw new Refusal('malformed', 'The body names a field twice.');
      },
    });
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal('malformed', 'The body is not valid JSON.');
  }
}

function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Refusal('malformed', 'The body is not valid UTF-8.');
  }
}

/** By hand: the parser recurses, and a pattern would take quadratic time on a string that never ends. */
function refuseDeepNesting(text: string): void {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i];
    if (inString && char === '\\') i += 1;
    else if (char === '"') inString = !inString;
    else if (inString) continue;
    else if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') depth -= 1;
    if (depth > DEEPEST_NESTING) throw new Refusal('malformed', 'The body nests too deep.');
  }
}

/** `1.0`, `1e2` and `-0` are not whole numbers as written: no field takes them. */
function wholeNumber(source: string): number {
  return WHOLE_NUMBER.test(source) ? Number(source) : Number.NaN;
}
