-- Mails stay in the outbox while the worker's queue is full: changes, which are announced at once, are found beside them.

CREATE INDEX "outbox_changes" ON "outbox" ("id")
    WHERE NOT ("kind" IN ('gift_receipt', 'gift_notice', 'gift_returned'));
