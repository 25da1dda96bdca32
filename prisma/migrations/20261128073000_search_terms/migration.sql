-- Every second run of three letters covers a word as well as every run does: two that overlap nearly always stand in
-- the same texts, and the index reads the list of each.
CREATE OR REPLACE FUNCTION search_terms(words TEXT[], category TEXT) RETURNS TEXT[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT array_agg(DISTINCT term)
              FROM (SELECT substr(word, least(place, runs), 3) AS term
                      FROM (SELECT word, greatest(length(word) - 2, 1) AS runs FROM unnest(words) word) one,
                           generate_series(1, runs + 1, 2) place
                    UNION ALL SELECT ' ' || category WHERE category IS NOT NULL) terms);
