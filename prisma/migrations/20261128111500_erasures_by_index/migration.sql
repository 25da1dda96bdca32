-- Whether anything refers to what is deleted is read from an index, whatever the statistics say. Where most donations
-- are of a few campaigns or people, `=` seems to find nearly every row, and EXISTS reads the table from its beginning:
-- to its end for each campaign that has none. A range, in the order of its column, is read by an index on it alone.

CREATE OR REPLACE FUNCTION note_erased_campaigns() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO erasures (kind, subject_id)
    SELECT 'campaign', r.id FROM removed r
     WHERE (SELECT campaign_id FROM donations
             WHERE campaign_id BETWEEN r.id AND r.id ORDER BY campaign_id LIMIT 1) IS NOT NULL
        OR (SELECT campaign_id FROM idempotent_requests
             WHERE campaign_id BETWEEN r.id AND r.id ORDER BY campaign_id LIMIT 1) IS NOT NULL;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION note_erased_children() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO erasures (kind, subject_id)
    SELECT 'child', r.id FROM removed r
     WHERE (SELECT child_id FROM idempotent_requests
             WHERE child_id BETWEEN r.id AND r.id ORDER BY child_id LIMIT 1) IS NOT NULL;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION note_erased_parent() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    own_addresses TEXT[] := ARRAY(
        SELECT DISTINCT lower(proven.email) FROM (
            SELECT OLD.email WHERE OLD.email_verified_at IS NOT NULL
            UNION ALL
            SELECT email FROM email_undos WHERE parent_id = OLD.id AND expires_at > now()) proven (email)
         WHERE (SELECT donor_email FROM donations
                 WHERE lower(donor_email) BETWEEN lower(proven.email) AND lower(proven.email)
                 ORDER BY lower(donor_email) LIMIT 1) IS NOT NULL);
    shown INTEGER[];
    named INTEGER[];
BEGIN
    INSERT INTO erasures (kind, subject_id, address, last_gift)
    SELECT 'parent', OLD.id, address, CASE WHEN address IS NOT NULL THEN (SELECT max(id) FROM donations) END
      FROM unnest(CASE
        WHEN own_addresses <> '{}' THEN own_addresses
        WHEN (SELECT donor_id FROM donations
               WHERE donor_id BETWEEN OLD.id AND OLD.id ORDER BY donor_id LIMIT 1) IS NOT NULL
          OR (SELECT parent_id FROM idempotent_requests
               WHERE parent_id BETWEEN OLD.id AND OLD.id ORDER BY parent_id LIMIT 1) IS NOT NULL THEN '{NULL}'
        END) address;
    SELECT array_agg(campaign_id),
           array_agg(DISTINCT campaign_id) FILTER (WHERE NOT anonymous AND campaign_id IS NOT NULL)
      INTO shown, named FROM (
        (SELECT campaign_id, anonymous FROM donations
          WHERE donor_id BETWEEN OLD.id AND OLD.id ORDER BY donor_id LIMIT 1001)
        UNION ALL
        (SELECT campaign_id, anonymous FROM unnest(own_addresses) own (address) CROSS JOIN LATERAL (
            SELECT campaign_id, anonymous FROM donations
             WHERE lower(donor_email) BETWEEN own.address AND own.address ORDER BY lower(donor_email) LIMIT 1001) guest
          LIMIT 1001)) gift;
    IF cardinality(shown) > 1000 THEN
        PERFORM announce('gifts', shown);
    ELSIF named IS NOT NULL THEN
        PERFORM announce('gifts', named);
    END IF;
    RETURN OLD;
END $$;
