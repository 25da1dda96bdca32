import type { Readable } from 'node:stream';
import type { Response } from 'express';
import type { Context } from '../../context.js';
import { Refusal } from '../../core/errors.js';

/** Seconds after which a place may be free. */
const RETRY_AFTER = 5;

/** Bytes that are handed over at once: fine enough to measure how fast they are taken. */
const PIECE = 16_384;

/** Downloads under way in this process, by parent. */
const underWay = new Map<number, number>();

/**
 * Takes a place for a download until its connection is done with it, and gives back the request's own: whoever reads
 * slowly holds nobody else up. @throws Refusal `throttled` or `unavailable` when there is no place.
 */
export function takeDownloadPlace({ parent, settings }: Context, res: Response): void {
  const { downloads, downloadsPerParent } = settings.bounds;
  const id = parent?.id ?? 0;
  const own = underWay.get(id) ?? 0;
  if (settings.rateLimit && own >= downloadsPerParent) {
    throw new Refusal('throttled', 'Wait until your other downloads are done.', RETRY_AFTER);
  }
  const all = [...underWay.values()].reduce((sum, count) => sum + count, 0);
  if (all >= downloads) {
    throw new Refusal('unavailable', 'Too many downloads are under way.', RETRY_AFTER);
  }
  underWay.set(id, own + 1);
  res.req.releasePlace?.();
  res.once('close', () => {
    const left = underWay.get(id)! - 1;
    if (left > 0) underWay.set(id, left);
    else underWay.delete(id);
  });
}

/**
 * The content in small pieces. The connection is cut when its client takes them slower than it may, so that
 * nobody keeps a place by reading a byte now and then.
 */
export async function* takenInTime(
  content: Readable,
  { settings: { bounds, waits } }: Context,
  res: Response,
): AsyncGenerator<Buffer> {
  const least = (bounds.downloadSpeed * waits.downloadSpeed) / 1000;
  let taken = 0;
  const looking = setInterval(() => {
    if (taken < least) res.destroy();
    taken = 0;
  }, waits.downloadSpeed);
  try {
    for await (const part of content as AsyncIterable<string | Buffer>) {
      const bytes = Buffer.from(part);
      for (let at = 0; at < bytes.length; at += PIECE) {
        const piece = bytes.subarray(at, at + PIECE);
        yield piece;
        taken += piece.length;
      }
    }
  } finally {
    clearInterval(looking);
  }
}
