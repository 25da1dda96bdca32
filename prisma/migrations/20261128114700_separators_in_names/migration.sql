-- Colons and semicolons put the family name first, as commas do, and a word ends at a slash, bar, backslash or
-- underscore. src/features/children/public-name.ts has the same rule: a test compares the two.

ALTER FUNCTION default_public_name(TEXT) RENAME TO former_default_public_name;

CREATE FUNCTION default_public_name(name TEXT) RETURNS TEXT
    LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    inkless_letters CONSTANT TEXT := '\u0001-\u0020\u007F-\u00A0\u00AD\u034F\u061C\u115F\u1160\u1680\u17B4\u17B5\u180B-\u180F\u2000-\u200F\u2028-\u202F\u205F-\u206F\u2800\u3000\u303F\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFC\U00013430-\U00013442\U00016FE4\U0001BCA0-\U0001BCA3\U0001D159\U0001D173-\U0001D17A\U000E0000-\U000E0FFF_/|\\';
    east_asian_letters CONSTANT TEXT := '\u1100-\u11FF\u2E80-\u2FDF\u3005-\u3007\u3021-\u3029\u3038-\u303B\u3041-\u309F\u30A1-\u30FA\u30FC-\u30FF\u3131-\u318F\u31F0-\u31FF\u3400-\u4DBF\u4E00-\u9FFF\uA960-\uA97F\uAC00-\uD7FF\uF900-\uFAFF\uFF66-\uFFDC\U00016FE2\U00016FE3\U00016FF0-\U00016FF6\U0001AFF0-\U0001B16F\U00020000-\U0003FFFF';
    symbols CONSTANT TEXT := '\u0021-\u0040\u005B-\u0060\u007B-\u00BF\u00D7\u00F7\u2010-\u2BFF\u2E00-\u2E7F\u3000-\u303F\u3190-\u319F\u31C0-\u31EF\u3200-\u33FF\u4DC0-\u4DFF\uFE10-\uFE1F\uFE30-\uFE6F\uFF01-\uFF20\uFF3B-\uFF40\uFF5B-\uFF65\U0001F000-\U0001FBFF';
    inkless CONSTANT TEXT := '[' || inkless_letters || ']+';
    at_ends CONSTANT TEXT := '^' || inkless || '|' || inkless || '$';
    joining CONSTANT TEXT := '[\u034F\u180B-\u180D\u180F\u200C\u200D\uFE00-\uFE0F\U000E0100-\U000E01EF]';
    east_asian CONSTANT TEXT := '[' || east_asian_letters || ']';
    other_letters CONSTANT TEXT := '[^' || east_asian_letters || inkless_letters || symbols || ']+';
    other_word CONSTANT TEXT := '(?![\u0300-\u036F\u1AB0-\u1AFF\u1DC0-\u1DFF\uFE20-\uFE2F])' || other_letters || '(?:[''\u2019-]' || other_letters || ')*';
    middle_dot CONSTANT TEXT := '[=\u00B7\u2022\u2027\u2219\u22C5\u2E31\u30A0\u30FB\uFF1D\uFF65]';
    suffix CONSTANT TEXT := '^(jr|jnr|junior|sr|snr|senior|ii|iii|iv|v|2nd|3rd|4th)\.?$';
    parts CONSTANT TEXT[] := regexp_split_to_array(name, '[,:;\u037E\u055D\u060C\u061B\u066B\u07F8\u1363\u1802\u1808\u201A\u204F\u2E32\u2E34\u2E41\u2E49\u2E4C\u3001\uA4FE\uA60D\uA6F5\uFE10\uFE11\uFE50\uFE51\uFE54\uFE55\uFF0C\uFF1A\uFF1B\uFF64\U00011145\U0001144D\U0001145A\U00016E97\U0001DA87]');
    part TEXT;
    word TEXT;
    solid TEXT;
    pieces TEXT[];
BEGIN
    FOREACH part IN ARRAY parts[2:] LOOP
        word := split_part(regexp_replace(regexp_replace(part, at_ends, '', 'g'), inkless, ' ', 'g'), ' ', 1);
        IF word ~ east_asian THEN
            word := coalesce(substring(word FROM other_word), word);
        END IF;
        IF word <> '' AND word !~* suffix THEN
            RETURN left(word, 50);
        END IF;
    END LOOP;
    FOREACH part IN ARRAY parts LOOP
        word := split_part(regexp_replace(regexp_replace(part, at_ends, '', 'g'), inkless, ' ', 'g'), ' ', 1);
        solid := regexp_replace(regexp_replace(part, joining, '', 'g'), at_ends, '', 'g');
        IF solid ~ east_asian AND solid !~ inkless THEN
            SELECT array_agg(coalesce(
                       substring(piece FROM other_word),
                       regexp_replace(regexp_replace(piece, joining, '', 'g'), at_ends, '', 'g')) ORDER BY at)
              INTO pieces
              FROM regexp_split_to_table(part, middle_dot) WITH ORDINALITY dotted (piece, at)
             WHERE piece ~ east_asian OR piece ~ other_word;
            word := pieces[1];
            IF cardinality(pieces) = 1 AND word ~ east_asian THEN
                word := regexp_replace(word, '[^' || east_asian_letters || ']+', '', 'g');
                word := right(word, greatest(1, char_length(word) / 2));
            END IF;
        ELSIF word ~ east_asian THEN
            word := coalesce(substring(word FROM other_word), word);
        END IF;
        IF word <> '' THEN
            RETURN left(word, 50);
        END IF;
    END LOOP;
    RETURN 'A child';
END $$;

-- A name that the parent chose differs from the former default and stays.
UPDATE "children" SET "public_name" = default_public_name("name")
 WHERE "public_name" = former_default_public_name("name")
   AND "public_name" <> default_public_name("name");

DROP FUNCTION former_default_public_name(TEXT);
