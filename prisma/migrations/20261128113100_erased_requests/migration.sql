-- A key outlives what was made with it: until its 24 hours are over, the request is not carried out again. A request
-- that is given the status 404 keeps nothing but its two hashes and when it was made.
CREATE FUNCTION blank_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.route := '';
    NEW.answer := '{}';
    NEW.leased_until := NULL;
    NEW.parent_id := NULL;
    NEW.child_id := NULL;
    NEW.campaign_id := NULL;
    NEW.donation_id := NULL;
    RETURN NEW;
END $$;

CREATE TRIGGER "idempotent_requests_erased" BEFORE UPDATE OF "status" ON "idempotent_requests"
    FOR EACH ROW WHEN (NEW.status = 404) EXECUTE FUNCTION blank_request();

CREATE OR REPLACE FUNCTION forget_tales() RETURNS trigger LANGUAGE plpgsql SET enable_nestloop = off AS $$
DECLARE
    left_alone INTEGER[] := (
        SELECT array_agg(a.id) FROM added a JOIN removed b USING (id)
         WHERE a.campaign_id IS NULL AND b.campaign_id IS NOT NULL
            OR a.donor_name IS NULL AND b.donor_name IS NOT NULL);
BEGIN
    IF left_alone IS NOT NULL THEN
        UPDATE refunds SET reason = ''
         WHERE donation_id = ANY (left_alone) AND reason <> '' AND NOT automatic;
        UPDATE idempotent_requests SET status = 404
         WHERE donation_id = ANY (left_alone) AND campaign_id IS NOT NULL;
        UPDATE idempotent_requests SET answer = jsonb_set(answer::jsonb, '{reason}', '""')::text
         WHERE donation_id = ANY (left_alone) AND answer::jsonb ->> 'reason' <> '';
    END IF;
    RETURN NULL;
END $$;
