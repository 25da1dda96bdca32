import { parentPort } from 'node:worker_threads';
import { receiptPdf, type ReceiptFields } from './receipt-pdf.js';

// Runs in a thread of its own. A failure ends it, and the request for that receipt with it.
parentPort!.on('message', (receipt: ReceiptFields) => {
  void receiptPdf(receipt).then((pdf) => parentPort!.postMessage(pdf));
});
