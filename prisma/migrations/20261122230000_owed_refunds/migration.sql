-- What our own rule gives back, and Stripe took on and then reports as failed, is still owed to the donor: it goes
-- on counting as given back. One that Stripe never took on has no id of Stripe's and is made anew for what is left.

CREATE OR REPLACE FUNCTION keep_refunded() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    gift INTEGER := coalesce(NEW.donation_id, OLD.donation_id);
BEGIN
    PERFORM FROM campaigns WHERE id = (SELECT campaign_id FROM donations WHERE id = gift) FOR NO KEY UPDATE;
    PERFORM FROM donations WHERE id = gift FOR NO KEY UPDATE;
    UPDATE donations d
       SET refunded = least(d.amount::bigint * 100, back.amount)
      FROM (SELECT coalesce(sum(amount), 0) AS amount FROM refunds
             WHERE donation_id = gift AND (status <> 'failed' OR automatic AND stripe_id IS NOT NULL)) back
     WHERE d.id = gift AND d.refunded <> least(d.amount::bigint * 100, back.amount);
    RETURN NULL;
END $$;

DROP TRIGGER "refunds_counted" ON "refunds";
CREATE TRIGGER "refunds_counted" AFTER INSERT OR DELETE OR UPDATE OF "amount", "status", "donation_id", "automatic", "stripe_id" ON "refunds"
    FOR EACH ROW EXECUTE FUNCTION keep_refunded();

UPDATE "donations" d
   SET "refunded" = least(d."amount"::bigint * 100, back.amount)
  FROM (SELECT "donation_id", sum("amount") AS amount FROM "refunds"
         WHERE "status" <> 'failed' OR "automatic" AND "stripe_id" IS NOT NULL GROUP BY "donation_id") back
 WHERE d."id" = back."donation_id" AND d."refunded" <> least(d."amount"::bigint * 100, back.amount);

-- Gifts that were never paid, of which a job deletes the old ones.
CREATE INDEX "donations_unpaid" ON "donations" ("date_donated") WHERE "status" IN ('expired', 'failed');
