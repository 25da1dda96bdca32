-- Donations as money: states, refunds, Stripe's checkouts, answers to repeat, campaigns that end by themselves.

ALTER TABLE "campaigns"
    ADD COLUMN "net_raised" BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN "close_at_deadline" BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN "close_when_funded" BOOLEAN NOT NULL DEFAULT false;

UPDATE "campaigns" SET "net_raised" = "total_raised" * 100 WHERE "total_raised" <> 0;

ALTER TABLE "campaigns"
    ADD CONSTRAINT "campaigns_totals_round_net_down" CHECK ("net_raised" >= 0 AND "total_raised" = "net_raised" / 100);

ALTER TABLE "donations"
    ADD COLUMN "status" TEXT NOT NULL DEFAULT 'completed',
    ADD COLUMN "refunded" INTEGER NOT NULL DEFAULT 0,
    ADD CONSTRAINT "donations_status_known" CHECK ("status" IN ('pending', 'completed', 'failed', 'expired')),
    ADD CONSTRAINT "donations_refunded_range" CHECK ("refunded" BETWEEN 0 AND "amount" * 100);

-- What the public sees of a campaign's gifts.
CREATE INDEX "donations_counted" ON "donations" ("campaign_id", "id") WHERE "status" = 'completed' AND "refunded" < "amount" * 100;
CREATE INDEX "donations_pending" ON "donations" ("date_donated") WHERE "status" = 'pending';
CREATE INDEX "donations_guest_email" ON "donations" (lower("donor_email"), "id") WHERE "donor_email" IS NOT NULL;

-- A gift only goes forward: money that came is never unsaid. Refunds are rows of their own.
CREATE FUNCTION donation_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a donation can not go from % to %', OLD.status, NEW.status USING ERRCODE = 'check_violation', CONSTRAINT = 'donations_go_forward';
END $$;

CREATE TRIGGER "donations_go_forward" BEFORE UPDATE OF "status" ON "donations"
    FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status = 'completed' OR NEW.status = 'pending'))
    EXECUTE FUNCTION donation_goes_forward();

CREATE TABLE "checkouts" (
    "donation_id" INTEGER NOT NULL,
    "session_id" TEXT NOT NULL,
    "payment_intent" TEXT,
    "currency" TEXT NOT NULL,
    "asked_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "checkouts_pkey" PRIMARY KEY ("donation_id"),
    CONSTRAINT "checkouts_donation_id_fkey" FOREIGN KEY ("donation_id") REFERENCES "donations"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "checkouts_currency_code" CHECK ("currency" ~ '^[a-z]{3}$'),
    CONSTRAINT "checkouts_session_id_length" CHECK (char_length("session_id") BETWEEN 1 AND 255),
    CONSTRAINT "checkouts_payment_intent_length" CHECK (char_length("payment_intent") BETWEEN 1 AND 255)
);

CREATE UNIQUE INDEX "checkouts_session_id_key" ON "checkouts"("session_id");
CREATE UNIQUE INDEX "checkouts_payment_intent_key" ON "checkouts"("payment_intent");

-- Amounts in minor units, as Stripe told them: together they may pass the gift, which then counts as nothing.
CREATE TABLE "refunds" (
    "id" SERIAL NOT NULL,
    "donation_id" INTEGER NOT NULL,
    "amount" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    "reason" TEXT NOT NULL DEFAULT '',
    "automatic" BOOLEAN NOT NULL DEFAULT false,
    "stripe_id" TEXT,
    "date_created" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "refunds_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "refunds_donation_id_fkey" FOREIGN KEY ("donation_id") REFERENCES "donations"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "refunds_amount_range" CHECK ("amount" BETWEEN 1 AND 10000000),
    CONSTRAINT "refunds_status_known" CHECK ("status" IN ('pending', 'succeeded', 'failed')),
    CONSTRAINT "refunds_reason_length" CHECK (char_length("reason") <= 200),
    CONSTRAINT "refunds_stripe_id_length" CHECK (char_length("stripe_id") BETWEEN 1 AND 255)
);

CREATE INDEX "refunds_donation_id_id_idx" ON "refunds"("donation_id", "id");
CREATE UNIQUE INDEX "refunds_stripe_id_key" ON "refunds"("stripe_id");
CREATE INDEX "refunds_pending" ON "refunds" ("id") WHERE "status" = 'pending';

-- Stripe tells each event at least once; it counts once.
CREATE TABLE "stripe_events" (
    "id" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "stripe_events_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "stripe_events_id_length" CHECK (char_length("id") BETWEEN 1 AND 255)
);

CREATE INDEX "stripe_events_received_at_idx" ON "stripe_events"("received_at");

-- Answers to requests with an Idempotency-Key. Who is erased takes along the answers that tell of them.
CREATE TABLE "idempotent_requests" (
    "scope" BYTEA NOT NULL,
    "body_hash" BYTEA NOT NULL,
    "route" TEXT NOT NULL,
    "status" INTEGER,
    "answer" TEXT,
    "leased_until" TIMESTAMPTZ(3),
    "parent_id" INTEGER,
    "child_id" INTEGER,
    "campaign_id" INTEGER,
    "donation_id" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotent_requests_pkey" PRIMARY KEY ("scope"),
    CONSTRAINT "idempotent_requests_parent_id_fkey" FOREIGN KEY ("parent_id") REFERENCES "parents"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "idempotent_requests_child_id_fkey" FOREIGN KEY ("child_id") REFERENCES "children"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "idempotent_requests_campaign_id_fkey" FOREIGN KEY ("campaign_id") REFERENCES "campaigns"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "idempotent_requests_donation_id_fkey" FOREIGN KEY ("donation_id") REFERENCES "donations"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "idempotent_requests_hashes_are_sha256" CHECK (octet_length("scope") = 32 AND octet_length("body_hash") = 32),
    CONSTRAINT "idempotent_requests_answered_or_begun" CHECK (("status" IS NULL) = ("answer" IS NULL) AND ("status" IS NOT NULL OR "donation_id" IS NOT NULL))
);

CREATE INDEX "idempotent_requests_parent_id_idx" ON "idempotent_requests"("parent_id");
CREATE INDEX "idempotent_requests_child_id_idx" ON "idempotent_requests"("child_id");
CREATE INDEX "idempotent_requests_campaign_id_idx" ON "idempotent_requests"("campaign_id");
CREATE INDEX "idempotent_requests_donation_id_idx" ON "idempotent_requests"("donation_id");
CREATE INDEX "idempotent_requests_created_at_idx" ON "idempotent_requests"("created_at");

-- Totals: completed money less refunds. The donations are the truth, in minor units; what is shown is rounded
-- down once, for the campaign as a whole.
CREATE FUNCTION donation_net(status TEXT, amount INTEGER, refunded INTEGER) RETURNS BIGINT
    LANGUAGE sql IMMUTABLE RETURN CASE WHEN status = 'completed' THEN amount::bigint * 100 - refunded ELSE 0 END;

CREATE OR REPLACE FUNCTION keep_campaign_totals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE campaigns c
           SET net_raised = c.net_raised + moved.net, total_raised = (c.net_raised + moved.net) / 100,
               donation_count = c.donation_count + moved.gifts
          FROM (SELECT campaign_id, sum(net)::bigint AS net, count(*) AS gifts
                  FROM (SELECT campaign_id, donation_net(status, amount, refunded) AS net FROM added) gift
                 WHERE campaign_id IS NOT NULL AND net > 0 GROUP BY campaign_id) moved
         WHERE c.id = moved.campaign_id;
    ELSIF TG_OP = 'DELETE' THEN
        UPDATE campaigns c
           SET net_raised = c.net_raised - moved.net, total_raised = (c.net_raised - moved.net) / 100,
               donation_count = c.donation_count - moved.gifts
          FROM (SELECT campaign_id, sum(net)::bigint AS net, count(*) AS gifts
                  FROM (SELECT campaign_id, donation_net(status, amount, refunded) AS net FROM removed) gift
                 WHERE campaign_id IS NOT NULL AND net > 0 GROUP BY campaign_id) moved
         WHERE c.id = moved.campaign_id;
    ELSIF TG_OP = 'TRUNCATE' THEN
        UPDATE campaigns SET net_raised = 0, total_raised = 0, donation_count = 0 WHERE donation_count <> 0;
    ELSE
        UPDATE campaigns c
           SET net_raised = c.net_raised + moved.net, total_raised = (c.net_raised + moved.net) / 100,
               donation_count = c.donation_count + moved.gifts
          FROM (SELECT campaign_id, sum(net)::bigint AS net, sum(gifts) AS gifts
                  FROM (SELECT campaign_id, net, CASE WHEN net > 0 THEN 1 ELSE 0 END AS gifts
                          FROM (SELECT campaign_id, donation_net(status, amount, refunded) AS net FROM added) gift
                        UNION ALL
                        SELECT campaign_id, -net, CASE WHEN net > 0 THEN -1 ELSE 0 END
                          FROM (SELECT campaign_id, donation_net(status, amount, refunded) AS net FROM removed) gift) change
                 WHERE campaign_id IS NOT NULL GROUP BY campaign_id
                HAVING sum(net) <> 0 OR sum(gifts) <> 0) moved
         WHERE c.id = moved.campaign_id;
    END IF;
    RETURN NULL;
END $$;

-- What a gift has given back: its refunds that haven't failed, those under way included. Locked in the order of
-- all who lock both: the campaign, then its gift.
CREATE FUNCTION keep_refunded() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    gift INTEGER := coalesce(NEW.donation_id, OLD.donation_id);
BEGIN
    PERFORM FROM campaigns WHERE id = (SELECT campaign_id FROM donations WHERE id = gift) FOR NO KEY UPDATE;
    PERFORM FROM donations WHERE id = gift FOR NO KEY UPDATE;
    UPDATE donations d
       SET refunded = least(d.amount::bigint * 100, back.amount)
      FROM (SELECT coalesce(sum(amount), 0) AS amount FROM refunds WHERE donation_id = gift AND status <> 'failed') back
     WHERE d.id = gift AND d.refunded <> least(d.amount::bigint * 100, back.amount);
    RETURN NULL;
END $$;

CREATE TRIGGER "refunds_counted" AFTER INSERT OR DELETE OR UPDATE OF "amount", "status", "donation_id" ON "refunds"
    FOR EACH ROW EXECUTE FUNCTION keep_refunded();

-- A campaign that asked for it closes with the gift that crosses its goal. It is never opened from here.
CREATE FUNCTION close_when_funded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.is_open := false;
    RETURN NEW;
END $$;

CREATE TRIGGER "campaigns_funded" BEFORE UPDATE OF "net_raised", "goal", "is_open", "close_when_funded" ON "campaigns"
    FOR EACH ROW WHEN (NEW.is_open AND NEW.close_when_funded AND NEW.net_raised >= NEW.goal::bigint * 100)
    EXECUTE FUNCTION close_when_funded();

-- Why a gift was refunded is the parent's own word and may tell of child and donor, and answers that are
-- remembered tell of both: when one of them goes, so does that. That a refund was made is still remembered,
-- for it must not be made twice.
CREATE FUNCTION forget_tales() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    left_alone INTEGER[] := (
        SELECT array_agg(a.id) FROM added a JOIN removed b USING (id)
         WHERE a.campaign_id IS NULL AND b.campaign_id IS NOT NULL OR a.donor_id IS NULL AND b.donor_id IS NOT NULL);
BEGIN
    IF left_alone IS NOT NULL THEN
        UPDATE refunds SET reason = '' WHERE donation_id = ANY (left_alone) AND reason <> '';
        DELETE FROM idempotent_requests WHERE donation_id = ANY (left_alone) AND campaign_id IS NOT NULL;
        UPDATE idempotent_requests SET answer = jsonb_set(answer::jsonb, '{reason}', '""')::text
         WHERE donation_id = ANY (left_alone) AND answer::jsonb ->> 'reason' <> '';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER "donations_tales" AFTER UPDATE ON "donations"
    REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION forget_tales();
