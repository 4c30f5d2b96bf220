-- search --
-- The products that have every one of some words, folded and the longest first, or all that was typed as a bar code.
-- A word finds others by tier: 0 itself, 1 what begins with it, 2 what ends with it, 3 what contains it, 4 what is
-- written much like it, 5 what resembles it. Short words find less, because they would find nearly everything.
-- Signs that were asked for literally must stand in name or brand.
WITH terms AS MATERIALIZED (
    SELECT term, nth
    FROM unnest($words::text[]) WITH ORDINALITY AS asked (term, nth)
),
containing AS MATERIALIZED (
    SELECT
        nth,
        word,
        CASE
            WHEN word = term THEN 0
            WHEN starts_with(word, term) THEN 1
            WHEN right(word, length(term)) = term THEN 2
            ELSE 3
        END AS tier
    FROM terms
    CROSS JOIN LATERAL (
        SELECT word
        FROM {product_words}.words
        WHERE length(term) = 1
          AND word = term
        UNION ALL
        SELECT word
        FROM {product_words}.words
        WHERE length(term) = 2
          AND word BETWEEN term AND term || chr(1114111)
        UNION ALL
        SELECT word
        FROM {product_words}.words
        WHERE length(term) > 2
          AND {product_words}.trigrams(word) @> {product_words}.trigrams(term)
          AND (
              starts_with(word, term)
              OR right(word, length(term)) = term
              OR (length(term) > 3 AND strpos(word, term) > 0)
          )
    ) AS found
),
-- Numbers are never mistyped, and neither is what begins some product's word: it may not be typed to its end.
doubtful AS MATERIALIZED (
    SELECT term, nth
    FROM terms
    WHERE length(term) > 3
      AND term !~ '[0-9]'
      AND (
          SELECT true
          FROM containing
          JOIN {products}.catalogue AS catalogue ON catalogue.words @> ARRAY[containing.word]
          WHERE containing.nth = terms.nth
            AND containing.tier < 2
          LIMIT 1
      ) IS NULL
),
mistyped AS MATERIALIZED (
    SELECT nth, word, 4 AS tier
    FROM doubtful
    JOIN {product_words}.words AS words
      ON {product_words}.deletions(words.word) && {product_words}.deletions(doubtful.term)
),
-- Where all else fails: words most of whose trigrams are the same.
resembling AS (
    SELECT nth, word, 5 AS tier
    FROM doubtful
    CROSS JOIN unnest({product_words}.trigrams(term)) AS trigram
    JOIN {product_words}.words AS words ON {product_words}.trigrams(words.word) @> ARRAY[trigram]
    WHERE nth NOT IN (SELECT nth FROM containing UNION ALL SELECT nth FROM mistyped)
    GROUP BY nth, word, term
    HAVING 10 * count(DISTINCT trigram) > 3 * (length(word) - 2 + length(term) - 2)
),
meant AS MATERIALIZED (
    SELECT nth, word, tier FROM containing
    UNION ALL
    SELECT nth, word, tier FROM mistyped
    UNION ALL
    SELECT nth, word, tier FROM resembling
),
-- The longest word names the fewest products. Each of these once, by its best word, a name's before a brand's.
named AS MATERIALIZED (
    SELECT DISTINCT ON (id)
        id,
        name,
        brand,
        category,
        upc,
        image_url,
        name_length,
        CASE WHEN cardinality($words::text[]) > 1 THEN words END AS words,
        2 * tier + CAST(word <> ALL (coalesce(name_words, '{}')) AS integer) AS distance
    FROM meant
    JOIN {products}.catalogue AS catalogue ON words @> ARRAY[word]
    WHERE nth = 1
      AND ($category::text IS NULL OR category = $category)
      AND (
          $signs::text[] = '{}'
          OR NOT EXISTS (SELECT FROM unnest($signs::text[]) AS sign WHERE strpos(concat(name, ' ', brand), sign) = 0)
      )
    ORDER BY id, distance
),
-- Which of the other words these products have, and how well.
others AS (
    SELECT id, count(*) AS had, sum(distance) AS distance
    FROM (
        SELECT id, nth, min(2 * tier + CAST(place > name_length AS integer)) AS distance
        FROM named
        CROSS JOIN unnest(words) WITH ORDINALITY AS own (word, place)
        JOIN meant USING (word)
        WHERE nth > 1
        GROUP BY id, nth
    ) AS best
    GROUP BY id
),
found AS (
    SELECT id, name, brand, category, upc, image_url, name_length, named.distance + coalesce(others.distance, 0) AS distance
    FROM named
    LEFT JOIN others USING (id)
    WHERE coalesce(had, 0) = cardinality($words::text[]) - 1
),
coded AS (
    SELECT id, name, brand, category, upc, image_url, name_length, -1 AS distance
    FROM {products}.catalogue
    WHERE id IN (SELECT product_id FROM {products}.products_state WHERE upc_variants @> ARRAY[$code::text])
      AND codes @> ARRAY[$code::text]
      AND ($category::text IS NULL OR category = $category)
)
SELECT
    id,
    name,
    brand,
    category,
    upc,
    image_url,
    distance AS rank_distance,
    name_length AS rank_length,
    count(*) OVER () AS total_rows
FROM (
    SELECT * FROM coded
    UNION ALL
    SELECT * FROM found WHERE id NOT IN (SELECT id FROM coded)
) AS matched
ORDER BY rank_distance, rank_length, name NULLS LAST, id
