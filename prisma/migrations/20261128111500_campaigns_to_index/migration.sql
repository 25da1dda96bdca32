-- Campaigns that the job is to index anew: of a long text, or of a child that has another public name since its search
-- text was written. To index 10,000 rare letters takes 0.2 s, and an account may write such texts all the time. So a
-- write only leaves a mark here; the program indexes a few short ones of a rename at once, and the job does the others,
-- one at a time and with rests.
CREATE TABLE "campaigns_to_index" (
    "campaign_id" INTEGER NOT NULL,
    "marked_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "campaigns_to_index_pkey" PRIMARY KEY ("campaign_id"),
    CONSTRAINT "campaigns_to_index_campaign_id_fkey" FOREIGN KEY ("campaign_id") REFERENCES "campaigns"("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE INDEX "campaigns_to_index_marked_at_campaign_id_idx" ON "campaigns_to_index" ("marked_at", "campaign_id" DESC);

-- Each search looks into it: without marks it is to stay small.
ALTER TABLE "campaigns_to_index" SET (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);

-- Bytes: what a few milliseconds index.
CREATE FUNCTION is_long_search_text(title TEXT, description TEXT) RETURNS BOOLEAN
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN octet_length(title) + octet_length(description) > 6000;

CREATE FUNCTION mark_to_index(campaign INTEGER) RETURNS void
    LANGUAGE sql SET search_path FROM CURRENT AS $$
    INSERT INTO campaigns_to_index (campaign_id) VALUES (campaign)
    ON CONFLICT (campaign_id) DO UPDATE SET marked_at = excluded.marked_at;
$$;

-- For callers that have locked the campaign's row. The mark goes before the name is read: a rename that commits in
-- between leaves a new one.
CREATE FUNCTION write_search_text(campaign INTEGER) RETURNS void
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM campaigns_to_index WHERE campaign_id = campaign;
    INSERT INTO campaign_search AS known (campaign_id, text, category, is_open)
    SELECT c.id, campaign_search_text(c.title, c.description, child.public_name), c.category, c.is_open
      FROM campaigns c JOIN children child ON child.id = c.child_id WHERE c.id = campaign
    ON CONFLICT (campaign_id) DO UPDATE SET text = excluded.text, category = excluded.category, is_open = excluded.is_open
     WHERE (known.text, known.category, known.is_open) <> (excluded.text, excluded.category, excluded.is_open);
END $$;

CREATE OR REPLACE FUNCTION make_campaign_searchable() RETURNS trigger
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.child_id IS DISTINCT FROM OLD.child_id THEN
        PERFORM FROM children child WHERE child.id = NEW.child_id FOR SHARE;
    END IF;
    IF is_long_search_text(NEW.title, NEW.description) THEN
        PERFORM mark_to_index(NEW.id);
    ELSE
        PERFORM write_search_text(NEW.id);
    END IF;
    RETURN NULL;
END $$;

-- The category stands among the grams, and only open campaigns do: to close one costs nothing.
CREATE OR REPLACE FUNCTION reclassify_searchable() RETURNS trigger
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.is_open AND is_long_search_text(NEW.title, NEW.description) THEN
        PERFORM mark_to_index(NEW.id);
    ELSE
        UPDATE campaign_search SET category = NEW.category, is_open = NEW.is_open WHERE campaign_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;

-- A mark that is there already is updated: a job that is just removing it waits for this transaction.
CREATE OR REPLACE FUNCTION rename_child_in_search() RETURNS trigger
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO campaigns_to_index (campaign_id)
    SELECT c.id FROM campaigns c WHERE c.child_id = NEW.id ORDER BY c.id FOR KEY SHARE
    ON CONFLICT (campaign_id) DO UPDATE SET marked_at = excluded.marked_at;
    RETURN NULL;
END $$;
