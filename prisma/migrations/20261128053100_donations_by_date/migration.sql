-- Lists of donations are ordered by when each was given: for one that was paid at Stripe, when it began to count.
-- The indexes by id stay where deletions go through them in batches.

CREATE INDEX "donations_campaign_id_date_donated_id_idx" ON "donations"("campaign_id", "date_donated", "id");
CREATE INDEX "donations_donor_id_date_donated_id_idx" ON "donations"("donor_id", "date_donated", "id");
CREATE INDEX "donations_guest_email_date" ON "donations" (lower("donor_email"), "date_donated", "id") WHERE "donor_email" IS NOT NULL;

DROP INDEX "donations_counted";
CREATE INDEX "donations_counted" ON "donations" ("campaign_id", "date_donated", "id") WHERE "status" = 'completed' AND "refunded" < "amount" * 100;
