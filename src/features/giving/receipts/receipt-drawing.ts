import type { Context } from '../../../context.js';
import { Refusal } from '../../../core/errors.js';
import { Queue } from '../../../core/queue.js';
import { moduleBeside, Thread } from '../../../core/thread.js';
import type { ReceiptFields } from './receipt-pdf.js';

/** Seconds after which a refused client may try again. */
const RETRY_AFTER = 1;

const thread = new Thread(moduleBeside(import.meta.url, 'receipt-thread'));

const queue = new Queue(
  1,
  () => new Refusal('unavailable', 'Too many want a receipt. Try again in a moment.', RETRY_AFTER),
);

/** What drawing needs of the context. */
export interface DrawingContext {
  settings: {
    bounds: Pick<Context['settings']['bounds'], 'receiptsWaiting' | 'receiptsWaitingPerNetwork'>;
    waits: Pick<Context['settings']['waits'], 'receiptTurn' | 'drawReceipt'>;
  };
  client: Pick<Context['client'], 'network'>;
}

/**
 * A receipt as a PDF, drawn off the event loop, one at a time; networks take turns.
 * @throws Refusal `unavailable` when its turn does not come in time, or drawing takes too long.
 */
export function drawReceipt(ctx: DrawingContext, receipt: ReceiptFields): Promise<Buffer> {
  const { bounds, waits } = ctx.settings;
  const turn = {
    lane: ctx.client.network,
    longestWait: waits.receiptTurn,
    mostWaiting: bounds.receiptsWaiting,
    mostWaitingPerLane: bounds.receiptsWaitingPerNetwork,
  };
  return queue.run(turn, async () => {
    return Buffer.from((await thread.ask(receipt, waits.drawReceipt)) as Uint8Array);
  });
}

/** Ends the thread that draws. */
export function endDrawing(): Promise<void> {
  return thread.end();
}
