-- Campaigns whose child has another public name since their search text was written. To index a long text anew takes
-- 0.2 s, so a rename only leaves marks here: the program indexes a few campaigns at once, and a job does the others.
CREATE TABLE "renamed_campaigns" (
    "campaign_id" INTEGER NOT NULL,
    "renamed_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "renamed_campaigns_pkey" PRIMARY KEY ("campaign_id"),
    CONSTRAINT "renamed_campaigns_campaign_id_fkey" FOREIGN KEY ("campaign_id") REFERENCES "campaigns"("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE INDEX "renamed_campaigns_renamed_at_campaign_id_idx" ON "renamed_campaigns" ("renamed_at", "campaign_id" DESC);

-- Each search looks into it: without marks it is to stay small.
ALTER TABLE "renamed_campaigns" SET (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);

-- For callers that have locked the campaign's row. The mark goes before the name is read: a rename that commits in
-- between leaves a new one.
CREATE FUNCTION write_search_text(campaign INTEGER) RETURNS void
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM renamed_campaigns WHERE campaign_id = campaign;
    INSERT INTO campaign_search (campaign_id, text)
    SELECT c.id, campaign_search_text(c.title, c.description, child.public_name)
      FROM campaigns c JOIN children child ON child.id = c.child_id WHERE c.id = campaign
    ON CONFLICT (campaign_id) DO UPDATE SET text = excluded.text WHERE campaign_search.text <> excluded.text;
END $$;

CREATE OR REPLACE FUNCTION make_campaign_searchable() RETURNS trigger
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.child_id IS DISTINCT FROM OLD.child_id THEN
        PERFORM FROM children child WHERE child.id = NEW.child_id FOR SHARE;
    END IF;
    PERFORM write_search_text(NEW.id);
    RETURN NULL;
END $$;

-- A mark that is there is written anew, which makes whoever is just removing it wait for this transaction.
CREATE OR REPLACE FUNCTION rename_child_in_search() RETURNS trigger
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO renamed_campaigns (campaign_id)
    SELECT c.id FROM campaigns c WHERE c.child_id = NEW.id ORDER BY c.id FOR KEY SHARE
    ON CONFLICT (campaign_id) DO UPDATE SET renamed_at = excluded.renamed_at;
    RETURN NULL;
END $$;
