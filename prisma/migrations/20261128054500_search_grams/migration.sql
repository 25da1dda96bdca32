-- Search by an index of grams: all runs of one, two and three characters of a text, within its words. Every word of
-- a query is found by its own grams, however short or rare it is. The category stands among them, so that a word
-- which is frequent in others only costs nothing.

ALTER TABLE "campaign_search" ADD COLUMN "category" TEXT, ADD COLUMN "is_open" BOOLEAN;
UPDATE "campaign_search" s SET "category" = c."category", "is_open" = c."is_open"
  FROM "campaigns" c WHERE c."id" = s."campaign_id";
ALTER TABLE "campaign_search" ALTER COLUMN "category" SET NOT NULL, ALTER COLUMN "is_open" SET NOT NULL;

-- A row arrives with its text alone; what a restored one brings along is kept.
CREATE FUNCTION classify_searchable() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    SELECT c.category, c.is_open INTO NEW.category, NEW.is_open FROM campaigns c WHERE c.id = NEW.campaign_id;
    RETURN NEW;
END $$;

CREATE TRIGGER "campaign_search_classified" BEFORE INSERT ON "campaign_search"
    FOR EACH ROW WHEN (NEW."category" IS NULL) EXECUTE FUNCTION classify_searchable();

CREATE FUNCTION reclassify_searchable() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE campaign_search SET category = NEW.category, is_open = NEW.is_open WHERE campaign_id = NEW.id;
    RETURN NULL;
END $$;

-- Its name comes after that of the trigger that writes the text, and so does its turn.
CREATE TRIGGER "campaigns_searchable_as" AFTER UPDATE OF "category", "is_open" ON "campaigns"
    FOR EACH ROW WHEN (OLD."category" <> NEW."category" OR OLD."is_open" <> NEW."is_open")
    EXECUTE FUNCTION reclassify_searchable();

-- Repeated ones are left in: the index drops them faster. The cost keeps the planner from reading rows by it.
CREATE FUNCTION search_grams(written TEXT, category TEXT) RETURNS TEXT[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000 AS $$
DECLARE
    last TEXT := '';
    last_but_one TEXT := '';
    letter TEXT;
    grams TEXT[] := ARRAY[' ' || category];
BEGIN
    FOREACH letter IN ARRAY string_to_array(written, NULL) LOOP
        IF letter = ' ' OR letter = E'\n' THEN
            last := '';
            last_but_one := '';
        ELSE
            grams := grams || letter;
            IF last <> '' THEN
                grams := grams || (last || letter);
                IF last_but_one <> '' THEN
                    grams := grams || (last_but_one || last || letter);
                END IF;
            END IF;
            last_but_one := last;
            last := letter;
        END IF;
    END LOOP;
    RETURN grams;
END $$;

-- The grams that a text has if it holds these words: the longest of each, and the category if one is asked for.
CREATE FUNCTION search_terms(words TEXT[], category TEXT) RETURNS TEXT[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT array_agg(DISTINCT term)
              FROM (SELECT substr(word, place, 3) AS term
                      FROM unnest(words) word, generate_series(1, greatest(length(word) - 2, 1)) place
                    UNION ALL SELECT ' ' || category WHERE category IS NOT NULL) terms);

DROP INDEX "campaign_search_text";

-- Written at once: a list of what is still to be indexed would be read by each search.
CREATE INDEX "campaign_search_grams" ON "campaign_search" USING gin (search_grams("text", "category"))
    WITH (fastupdate = off) WHERE "is_open";

-- ANALYZE would make the grams of 30,000 texts for figures that no plan needs.
ALTER INDEX "campaign_search_grams" ALTER COLUMN 1 SET STATISTICS 0;
