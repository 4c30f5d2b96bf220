-- trigrams --
-- Every three signs of a word that stand together: a word that contains another has all of the other's.
CREATE FUNCTION trigrams(word text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT array_agg(substr(word, place, 3))
    FROM generate_series(1, length(word) - 2) AS place
);

-- deletions --
-- A word, and the word less each one of its signs. Two words that differ in one sign, or by one sign more, or in the
-- order of two neighbours, have one of these in common.
CREATE FUNCTION deletions(word text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT word || array_agg(overlay(word PLACING '' FROM place FOR 1))
    FROM generate_series(1, length(word)) AS place
);

-- words_by_trigram --
-- Words that contain what was typed. What waits in a GIN index to be sorted in is read by every search: keep it short.
CREATE INDEX words_by_trigram ON words USING gin (trigrams(word)) WITH (gin_pending_list_limit = 256);

-- words_by_deletion --
-- Words that may have been meant.
CREATE INDEX words_by_deletion ON words USING gin (deletions(word)) WITH (gin_pending_list_limit = 256)
