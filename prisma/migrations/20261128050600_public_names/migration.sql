-- What the public sees of a child's name: the parent's choice, or else the default below.

-- The default for a name, as src/features/children/public-name.ts has it: a test compares the two.
CREATE FUNCTION default_public_name(name TEXT) RETURNS TEXT
    LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    inkless CONSTANT TEXT := '[\u0001-\u0020\u007F-\u00A0\u00AD\u034F\u061C\u115F\u1160\u1680\u17B4\u17B5\u180B-\u180F\u2000-\u200F\u2028-\u202F\u205F-\u206F\u2800\u3000\u303F\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFC\U00013430-\U00013442\U00016FE4\U0001BCA0-\U0001BCA3\U0001D159\U0001D173-\U0001D17A\U000E0000-\U000E0FFF]+';
    joining CONSTANT TEXT := '[\u034F\u180B-\u180D\u180F\u200C\u200D\uFE00-\uFE0F\U000E0100-\U000E01EF]';
    east_asian CONSTANT TEXT := '[\u1100-\u11FF\u2E80-\u2FDF\u3005-\u3007\u3021-\u3029\u3038-\u303B\u3041-\u30FA\u30FC-\u30FF\u3131-\u318F\u31F0-\u31FF\u3400-\u4DBF\u4E00-\u9FFF\uA960-\uA97F\uAC00-\uD7FF\uF900-\uFAFF\uFF66-\uFFDC\U0001AFF0-\U0001B16F\U00020000-\U0003FFFF]';
    middle_dot CONSTANT TEXT := '[\u00B7\u2022\u2027\u30FB\uFF65]+';
    suffix CONSTANT TEXT := '^(jr|jnr|junior|sr|snr|senior|ii|iii|iv|v|2nd|3rd|4th)\.?$';
    at_ends CONSTANT TEXT := '^' || inkless || '|' || inkless || '$';
    parts CONSTANT TEXT[] := regexp_split_to_array(name, '[,\u055D\u060C\u07F8\u1363\u1802\u1808\u2E32\u2E34\u2E41\u3001\uA4FE\uA60D\uA6F5\uFE10\uFE11\uFE50\uFE51\uFF0C\uFF64]');
    part TEXT;
    word TEXT;
    solid TEXT;
BEGIN
    FOREACH part IN ARRAY parts[2:] LOOP
        word := split_part(regexp_replace(regexp_replace(part, at_ends, '', 'g'), inkless, ' ', 'g'), ' ', 1);
        IF word <> '' AND word !~* suffix THEN
            RETURN left(word, 50);
        END IF;
    END LOOP;
    FOREACH part IN ARRAY parts LOOP
        word := split_part(regexp_replace(regexp_replace(part, at_ends, '', 'g'), inkless, ' ', 'g'), ' ', 1);
        solid := regexp_replace(regexp_replace(part, joining, '', 'g'), at_ends, '', 'g');
        IF solid ~ east_asian AND solid !~ inkless THEN
            IF btrim(regexp_replace(solid, middle_dot, ' ', 'g')) ~ ' ' THEN
                word := split_part(btrim(regexp_replace(solid, middle_dot, ' ', 'g')), ' ', 1);
            ELSE
                word := right(solid, greatest(1, char_length(solid) / 2));
            END IF;
        END IF;
        IF word <> '' THEN
            RETURN left(word, 50);
        END IF;
    END LOOP;
    RETURN 'A child';
END $$;

ALTER TABLE "children"
    DROP CONSTRAINT "children_first_name_begins_name",
    DROP CONSTRAINT "children_first_name_is_one_word";
ALTER TABLE "children" RENAME COLUMN "first_name" TO "public_name";

-- The triggers on the column go on under its new name; the functions name it.
CREATE OR REPLACE FUNCTION make_campaign_searchable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.child_id IS DISTINCT FROM OLD.child_id THEN
        PERFORM FROM children child WHERE child.id = NEW.child_id FOR SHARE;
    END IF;
    INSERT INTO campaign_search (campaign_id, text)
    SELECT NEW.id, campaign_search_text(NEW.title, NEW.description, child.public_name)
      FROM children child WHERE child.id = NEW.child_id
    ON CONFLICT (campaign_id) DO UPDATE SET text = excluded.text;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION rename_child_in_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM campaigns c WHERE c.child_id = NEW.id ORDER BY c.id FOR SHARE;
    UPDATE campaign_search s
       SET text = campaign_search_text(c.title, c.description, NEW.public_name)
      FROM campaigns c WHERE c.child_id = NEW.id AND s.campaign_id = c.id;
    RETURN NULL;
END $$;

UPDATE "children" SET "public_name" = default_public_name("name")
 WHERE "public_name" <> default_public_name("name");

-- It begins with ink and ends with it: what completes a last character or ends a change of direction aside.
ALTER TABLE "children"
    ADD CONSTRAINT "children_public_name_length" CHECK (char_length("public_name") BETWEEN 1 AND 50),
    ADD CONSTRAINT "children_public_name_shows" CHECK (
        "public_name" ~ '^[^\u0001-\u0020\u007F-\u00A0\u00AD\u034F\u061C\u115F\u1160\u1680\u17B4\u17B5\u180B-\u180F\u2000-\u200F\u2028-\u202F\u205F-\u206F\u2800\u3000\u303F\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFC\U00013430-\U00013442\U00016FE4\U0001BCA0-\U0001BCA3\U0001D159\U0001D173-\U0001D17A\U000E0000-\U000E0FFF]'
        AND "public_name" ~ '([^\u0001-\u0020\u007F-\u00A0\u00AD\u034F\u061C\u115F\u1160\u1680\u17B4\u17B5\u180B-\u180F\u2000-\u200F\u2028-\u202F\u205F-\u206F\u2800\u3000\u303F\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFC\U00013430-\U00013442\U00016FE4\U0001BCA0-\U0001BCA3\U0001D159\U0001D173-\U0001D17A\U000E0000-\U000E0FFF][\u034F\u180B-\u180D\u180F\u200C\u200D\uFE00-\uFE0F\U000E0100-\U000E01EF]?|[\U000E0020-\U000E007E]\U000E007F)[\u202C\u2069]*$'
    );
