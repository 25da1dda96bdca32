-- To index 10,000 rare letters takes 0.2 s, and an account may write such texts all the time. Of a long text only a mark
-- is left, as of a rename: the job indexes it soon, one at a time and with rests.
ALTER TABLE "renamed_campaigns" RENAME TO "campaigns_to_index";
ALTER TABLE "campaigns_to_index" RENAME COLUMN "renamed_at" TO "marked_at";
ALTER TABLE "campaigns_to_index" RENAME CONSTRAINT "renamed_campaigns_pkey" TO "campaigns_to_index_pkey";
ALTER TABLE "campaigns_to_index" RENAME CONSTRAINT "renamed_campaigns_campaign_id_fkey" TO "campaigns_to_index_campaign_id_fkey";
ALTER INDEX "renamed_campaigns_renamed_at_campaign_id_idx" RENAME TO "campaigns_to_index_marked_at_campaign_id_idx";

-- Bytes: what a few milliseconds index.
CREATE FUNCTION is_long_search_text(title TEXT, description TEXT) RETURNS BOOLEAN
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN octet_length(title) + octet_length(description) > 6000;

CREATE FUNCTION mark_to_index(campaign INTEGER) RETURNS void
    LANGUAGE sql SET search_path FROM CURRENT AS $$
    INSERT INTO campaigns_to_index (campaign_id) VALUES (campaign)
    ON CONFLICT (campaign_id) DO UPDATE SET marked_at = excluded.marked_at;
$$;

CREATE OR REPLACE FUNCTION write_search_text(campaign INTEGER) RETURNS void
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

CREATE OR REPLACE FUNCTION rename_child_in_search() RETURNS trigger
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO campaigns_to_index (campaign_id)
    SELECT c.id FROM campaigns c WHERE c.child_id = NEW.id ORDER BY c.id FOR KEY SHARE
    ON CONFLICT (campaign_id) DO UPDATE SET marked_at = excluded.marked_at;
    RETURN NULL;
END $$;
