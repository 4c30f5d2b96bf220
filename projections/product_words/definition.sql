-- words --
-- Each word once. The first event with it is kept: a word that is there already need not be written again.
SELECT
    unnest(name_words) AS word,
    -position AS earliness
FROM products_normalized
UNION ALL
SELECT
    unnest(brand_words),
    -position
FROM products_normalized
