import type { Request, RequestHandler } from 'express';
import { Refusal } from '../../core/errors.js';
import { refuse } from '../server/refusals.js';
import { networkOf } from './network.js';

/** When a request is refused at once, so that those taken on are answered in good time. */
export interface Burden {
  /** Requests that are worked on at once. */
  mostAtOnce: number;
  /** Those of one network among them: nobody can take the places of everybody. */
  mostPerNetwork: number;
  /** Milliseconds into a turn of the event loop after which it takes on nothing more. */
  longestTurn: number;
  /** Whether a request costs so little that to refuse it would spare nothing: it counts for nothing. */
  isCheap?: (req: Request) => boolean;
}

/** Milliseconds between the ticks by which a turn is measured. */
const TICK = 20;

/** Whoever watches over the process must hear from it above all when it is busy. */
const ALWAYS_SERVED = /\/(health\/(live|ready)|metrics)\/?$/;

/** Seconds. */
const RETRY_AFTER = 1;

/**
 * Refuses what is more than can be borne with 503, before any work. A request counts once it was read whole
 * and until its answer is made: clients that dawdle over either take nobody's place.
 */
export function shedding({
  mostAtOnce,
  mostPerNetwork,
  longestTurn,
  isCheap = () => false,
}: Burden): RequestHandler {
  let atOnce = 0;
  const perNetwork = new Map<string, number>();
  let ticked = performance.now();
  setInterval(() => (ticked = performance.now()), TICK).unref();

  return (req, res, next) => {
    if (ALWAYS_SERVED.test(req.path)) return next();
    const tooLong = performance.now() - ticked > longestTurn;
    if (!tooLong && isCheap(req)) return next();
    const { client, site: network = client } = networkOf(req.ip ?? '');
    const ofNetwork = () => perNetwork.get(network) ?? 0;
    if (tooLong || atOnce >= mostAtOnce || ofNetwork() >= mostPerNetwork) {
      refuse(res, new Refusal('unavailable', 'Too much is asked just now.', RETRY_AFTER));
      return;
    }
    onceReadWhole(req, () => {
      // Its answer may have been made before it was read whole: nothing would tell of the end.
      if (res.writableEnded || res.destroyed) return;
      atOnce += 1;
      perNetwork.set(network, ofNetwork() + 1);
      let over = false;
      const end = () => {
        if (over) return;
        over = true;
        atOnce -= 1;
        if (ofNetwork() > 1) perNetwork.set(network, ofNetwork() - 1);
        else perNetwork.delete(network);
      };
      req.releasePlace = end;
      res.once('prefinish', end);
      res.once('close', end);
    });
    next();
  };
}

function onceReadWhole(req: Request, begin: () => void): void {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = req.headers;
  if (length === '0' && encoding === undefined) begin();
  else req.once('end', begin);
}
