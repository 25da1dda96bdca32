-- Deleting a campaign, child or account costs the same at any size. Rows that can be many (donations, stored
-- responses) keep the id of what was deleted until a job detaches them in batches. Reads join to the live row, so
-- the data is out of sight in the moment of the deletion. Ids are never used again.

CREATE TABLE "erasures" (
    "kind" TEXT NOT NULL,
    "subject_id" INTEGER NOT NULL,
    "address" TEXT,
    "last_gift" INTEGER,
    "erased_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "erasures_pkey" PRIMARY KEY ("kind", "subject_id"),
    CONSTRAINT "erasures_kind_known" CHECK ("kind" IN ('campaign', 'child', 'parent')),
    CONSTRAINT "erasures_address_has_last_gift" CHECK ("address" IS NULL OR ("kind" = 'parent' AND "last_gift" IS NOT NULL))
);

CREATE INDEX "erasures_erased_at_idx" ON "erasures"("erased_at");
CREATE INDEX "erasures_address" ON "erasures" ("address") WHERE "address" IS NOT NULL;

-- Until when the comment of an anonymous donation outlives its donor.
ALTER TABLE "donations"
    ADD COLUMN "comment_until" TIMESTAMPTZ(3),
    ADD CONSTRAINT "donations_comment_until_of_nobody" CHECK ("comment_until" IS NULL OR ("anonymous" AND "donor_name" IS NULL AND "comment" <> ''));

CREATE INDEX "donations_comment_until" ON "donations" ("comment_until") WHERE "comment_until" IS NOT NULL;

-- The references are still checked when they are written, by the triggers below, which use the same names.
ALTER TABLE "donations"
    DROP CONSTRAINT "donations_campaign_id_fkey",
    DROP CONSTRAINT "donations_donor_id_fkey";
ALTER TABLE "idempotent_requests"
    DROP CONSTRAINT "idempotent_requests_parent_id_fkey",
    DROP CONSTRAINT "idempotent_requests_child_id_fkey",
    DROP CONSTRAINT "idempotent_requests_campaign_id_fkey";

CREATE FUNCTION refuse_missing(constraint_name TEXT) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the row that % refers to does not exist', constraint_name
        USING ERRCODE = 'foreign_key_violation', CONSTRAINT = constraint_name;
END $$;

CREATE FUNCTION check_donation_references() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.campaign_id IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.campaign_id IS DISTINCT FROM OLD.campaign_id) THEN
        PERFORM FROM campaigns WHERE id = NEW.campaign_id FOR KEY SHARE;
        IF NOT FOUND THEN PERFORM refuse_missing('donations_campaign_id_fkey'); END IF;
    END IF;
    IF NEW.donor_id IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.donor_id IS DISTINCT FROM OLD.donor_id) THEN
        PERFORM FROM parents WHERE id = NEW.donor_id FOR KEY SHARE;
        IF NOT FOUND THEN PERFORM refuse_missing('donations_donor_id_fkey'); END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER "donations_added_refer" AFTER INSERT ON "donations"
    FOR EACH ROW EXECUTE FUNCTION check_donation_references();
CREATE TRIGGER "donations_moved_refer" AFTER UPDATE OF "campaign_id", "donor_id" ON "donations"
    FOR EACH ROW WHEN (NEW.campaign_id <> OLD.campaign_id OR OLD.campaign_id IS NULL AND NEW.campaign_id IS NOT NULL
        OR NEW.donor_id <> OLD.donor_id OR OLD.donor_id IS NULL AND NEW.donor_id IS NOT NULL)
    EXECUTE FUNCTION check_donation_references();

CREATE FUNCTION check_request_references() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.parent_id IS NOT NULL THEN
        PERFORM FROM parents WHERE id = NEW.parent_id FOR KEY SHARE;
        IF NOT FOUND THEN PERFORM refuse_missing('idempotent_requests_parent_id_fkey'); END IF;
    END IF;
    IF NEW.child_id IS NOT NULL THEN
        PERFORM FROM children WHERE id = NEW.child_id FOR KEY SHARE;
        IF NOT FOUND THEN PERFORM refuse_missing('idempotent_requests_child_id_fkey'); END IF;
    END IF;
    IF NEW.campaign_id IS NOT NULL THEN
        PERFORM FROM campaigns WHERE id = NEW.campaign_id FOR KEY SHARE;
        IF NOT FOUND THEN PERFORM refuse_missing('idempotent_requests_campaign_id_fkey'); END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER "idempotent_requests_refer"
    AFTER INSERT OR UPDATE OF "parent_id", "child_id", "campaign_id" ON "idempotent_requests"
    FOR EACH ROW EXECUTE FUNCTION check_request_references();

-- Rows that refer to an id by these rules alone would not follow it.
CREATE FUNCTION refuse_new_id() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the id of a row never changes'
        USING ERRCODE = 'foreign_key_violation', CONSTRAINT = TG_TABLE_NAME || '_keep_their_ids';
END $$;

CREATE TRIGGER "parents_keep_their_ids" BEFORE UPDATE OF "id" ON "parents"
    FOR EACH ROW WHEN (OLD.id <> NEW.id) EXECUTE FUNCTION refuse_new_id();
CREATE TRIGGER "children_keep_their_ids" BEFORE UPDATE OF "id" ON "children"
    FOR EACH ROW WHEN (OLD.id <> NEW.id) EXECUTE FUNCTION refuse_new_id();
CREATE TRIGGER "campaigns_keep_their_ids" BEFORE UPDATE OF "id" ON "campaigns"
    FOR EACH ROW WHEN (OLD.id <> NEW.id) EXECUTE FUNCTION refuse_new_id();

-- Whoever deletes, the job learns of it here, in the same transaction.
CREATE FUNCTION note_erased_campaigns() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO erasures (kind, subject_id)
    SELECT 'campaign', r.id FROM removed r
     WHERE EXISTS (SELECT FROM donations d WHERE d.campaign_id = r.id)
        OR EXISTS (SELECT FROM idempotent_requests i WHERE i.campaign_id = r.id);
    RETURN NULL;
END $$;

CREATE TRIGGER "campaigns_erased" AFTER DELETE ON "campaigns"
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION note_erased_campaigns();

CREATE FUNCTION note_erased_children() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO erasures (kind, subject_id)
    SELECT 'child', r.id FROM removed r WHERE EXISTS (SELECT FROM idempotent_requests i WHERE i.child_id = r.id);
    RETURN NULL;
END $$;

CREATE TRIGGER "children_erased" AFTER DELETE ON "children"
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION note_erased_children();

-- Donations that a guest made with the address that the account has verified are the person's own. The address is
-- kept only until those are erased. What the public saw of the named ones changes now: of many, all may have.
CREATE FUNCTION note_erased_parent() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own_address TEXT := CASE WHEN OLD.email_verified_at IS NOT NULL AND EXISTS (
        SELECT FROM donations WHERE lower(donor_email) = lower(OLD.email)) THEN lower(OLD.email) END;
    shown INTEGER[];
BEGIN
    INSERT INTO erasures (kind, subject_id, address, last_gift)
    SELECT 'parent', OLD.id, own_address, CASE WHEN own_address IS NOT NULL THEN (SELECT max(id) FROM donations) END
     WHERE own_address IS NOT NULL
        OR EXISTS (SELECT FROM donations WHERE donor_id = OLD.id)
        OR EXISTS (SELECT FROM idempotent_requests WHERE parent_id = OLD.id);
    SELECT array_agg(gift.campaign_id) INTO shown FROM (
        (SELECT campaign_id, anonymous FROM donations WHERE donor_id = OLD.id LIMIT 1001)
        UNION ALL
        (SELECT campaign_id, anonymous FROM donations WHERE lower(donor_email) = own_address LIMIT 1001)) gift;
    IF cardinality(shown) > 1000 THEN
        PERFORM announce('gifts', shown);
    ELSIF cardinality(shown) > 0 THEN
        PERFORM announce('gifts', array_agg(DISTINCT campaign_id)) FROM (
            SELECT campaign_id FROM donations WHERE donor_id = OLD.id AND NOT anonymous
            UNION ALL
            SELECT campaign_id FROM donations WHERE lower(donor_email) = own_address AND NOT anonymous) gift
          WHERE campaign_id IS NOT NULL HAVING count(*) > 0;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER "parents_erased" AFTER DELETE ON "parents"
    FOR EACH ROW EXECUTE FUNCTION note_erased_parent();

-- With its donor, or the guest's address, a donation loses the name and the comment. The comment of an anonymous one
-- may stay until a moment that the job has drawn for it, so that it doesn't change together with the person's others.
CREATE OR REPLACE FUNCTION forget_donor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.donor_name := NULL;
    IF NOT NEW.anonymous OR NEW.comment = '' THEN NEW.comment_until := NULL; END IF;
    IF NEW.comment_until IS NULL THEN NEW.comment := ''; END IF;
    RETURN NEW;
END $$;

DROP TRIGGER "donations_donor_gone" ON "donations";
CREATE TRIGGER "donations_donor_gone" BEFORE UPDATE OF "donor_id", "donor_email" ON "donations"
    FOR EACH ROW WHEN ((OLD.donor_id IS NOT NULL OR OLD.donor_email IS NOT NULL)
        AND NEW.donor_id IS NULL AND NEW.donor_email IS NULL)
    EXECUTE FUNCTION forget_donor();

CREATE OR REPLACE FUNCTION forget_tales() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    left_alone INTEGER[] := (
        SELECT array_agg(a.id) FROM added a JOIN removed b USING (id)
         WHERE a.campaign_id IS NULL AND b.campaign_id IS NOT NULL
            OR a.donor_name IS NULL AND b.donor_name IS NOT NULL);
BEGIN
    IF left_alone IS NOT NULL THEN
        UPDATE refunds SET reason = ''
         WHERE donation_id = ANY (left_alone) AND reason <> '' AND NOT automatic;
        DELETE FROM idempotent_requests WHERE donation_id = ANY (left_alone) AND campaign_id IS NOT NULL;
        UPDATE idempotent_requests SET answer = jsonb_set(answer::jsonb, '{reason}', '""')::text
         WHERE donation_id = ANY (left_alone) AND answer::jsonb ->> 'reason' <> '';
    END IF;
    RETURN NULL;
END $$;

-- Detaching a donation from a donor who is gone changes nothing that anyone sees: that was announced by the deletion.
CREATE OR REPLACE FUNCTION announce_donations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM announce('gifts', array_agg(DISTINCT a.campaign_id))
       FROM added a JOIN removed b USING (id)
      WHERE a.campaign_id IS NOT NULL
        AND (a.comment <> b.comment OR a.anonymous <> b.anonymous OR a.date_donated <> b.date_donated
             OR NOT a.anonymous AND a.donor_name IS DISTINCT FROM b.donor_name)
        AND NOT (a.donor_id IS NULL AND b.donor_id IS NOT NULL
                 AND NOT EXISTS (SELECT FROM parents WHERE id = b.donor_id))
        AND NOT (a.donor_email IS NULL AND lower(b.donor_email) = ANY (ARRAY(
                 SELECT address FROM erasures WHERE address IS NOT NULL)))
     HAVING count(*) > 0;
    RETURN NULL;
END $$;
