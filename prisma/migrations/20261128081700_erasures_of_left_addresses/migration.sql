-- A deleted account leaves one erasure for each address that it has proven: the present one, and those that it left
-- and could still return to. Without such an address there is one, if anything refers to the account.

ALTER TABLE "erasures"
    DROP CONSTRAINT "erasures_pkey",
    ADD COLUMN "id" SERIAL NOT NULL,
    ADD CONSTRAINT "erasures_pkey" PRIMARY KEY ("id");

CREATE OR REPLACE FUNCTION note_erased_parent() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own_addresses TEXT[] := ARRAY(
        SELECT DISTINCT lower(proven.email) FROM (
            SELECT OLD.email WHERE OLD.email_verified_at IS NOT NULL
            UNION ALL
            SELECT email FROM email_undos WHERE parent_id = OLD.id AND expires_at > now()) proven (email)
         WHERE EXISTS (SELECT FROM donations WHERE lower(donor_email) = lower(proven.email)));
    shown INTEGER[];
BEGIN
    INSERT INTO erasures (kind, subject_id, address, last_gift)
    SELECT 'parent', OLD.id, address, CASE WHEN address IS NOT NULL THEN (SELECT max(id) FROM donations) END
      FROM unnest(CASE
        WHEN own_addresses <> '{}' THEN own_addresses
        WHEN EXISTS (SELECT FROM donations WHERE donor_id = OLD.id)
          OR EXISTS (SELECT FROM idempotent_requests WHERE parent_id = OLD.id) THEN '{NULL}' END) address;
    SELECT array_agg(gift.campaign_id) INTO shown FROM (
        (SELECT campaign_id, anonymous FROM donations WHERE donor_id = OLD.id LIMIT 1001)
        UNION ALL
        (SELECT campaign_id, anonymous FROM donations WHERE lower(donor_email) = ANY (own_addresses) LIMIT 1001)) gift;
    IF cardinality(shown) > 1000 THEN
        PERFORM announce('gifts', shown);
    ELSIF cardinality(shown) > 0 THEN
        PERFORM announce('gifts', array_agg(DISTINCT campaign_id)) FROM (
            SELECT campaign_id FROM donations WHERE donor_id = OLD.id AND NOT anonymous
            UNION ALL
            SELECT campaign_id FROM donations WHERE lower(donor_email) = ANY (own_addresses) AND NOT anonymous) gift
          WHERE campaign_id IS NOT NULL HAVING count(*) > 0;
    END IF;
    RETURN OLD;
END $$;

-- Before the deletion, which takes the addresses that were left along.
DROP TRIGGER "parents_erased" ON "parents";
CREATE TRIGGER "parents_erased" BEFORE DELETE ON "parents"
    FOR EACH ROW EXECUTE FUNCTION note_erased_parent();
