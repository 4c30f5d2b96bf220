-- inflation --
-- The index of the goods asked for beside the official one, month by month, and the last value of each category in the
-- window. Logarithms are added where the formula multiplies. No price is written out for each month that it lasts:
-- prices that count alike are counted first, and only their sums are.
WITH asked AS (
    SELECT
        CAST($until AS DATE) AS last_day,
        12 * year(last_day) + month(last_day) - 1 AS last_month,
        -- Without a number of months, the first month there is: none comes before the year 0.
        coalesce(last_month - CAST($months AS INTEGER), 0) AS first_month
),
belonging AS MATERIALIZED (
    SELECT product_id, category, from_month, before_month
    FROM {price_index}.belonging
),

-- Prices by store, however it was named. They are those of price_trends; a second copy would be no faster.
sightings AS (
    SELECT
        points.product_id,
        coalesce(refs.store_id, points.store) AS shop,
        points.day,
        points.position,
        points.regular_price AS price
    FROM {price_trends}.points_log AS points
    LEFT JOIN {stores}.store_refs AS refs ON refs.ref = points.store
    WHERE points.day <= (SELECT last_day FROM asked)
      AND ($category IS NULL OR points.product_id IN (SELECT product_id FROM belonging WHERE category = $category))
),
-- A price of zero has no logarithm. A day that has one for its newest price has no price, whatever was sent before.
free AS (
    SELECT product_id, shop, day, max(position) AS position
    FROM sightings
    WHERE price = 0
    GROUP BY product_id, shop, day
),
-- The last point of each month.
month_ends AS (
    SELECT
        sightings.product_id,
        sightings.shop,
        12 * year(sightings.day) + month(sightings.day) - 1 AS month,
        ln(arg_max(sightings.price, (sightings.day, sightings.position))) AS log_price
    FROM sightings
    LEFT JOIN free USING (product_id, shop, day)
    WHERE sightings.price > 0
      AND (free.position IS NULL OR sightings.position > free.position)
    GROUP BY sightings.product_id, sightings.shop, 3
),
-- Each of them is the price for three months more, unless another one follows. `step` is how far it lies from the
-- price of the month before, where there was one.
prices AS (
    SELECT
        product_id,
        month,
        least(coalesce(lead(month) OVER series - 1, month + 3), month + 3, asked.last_month) AS last_month,
        CASE WHEN lag(month) OVER series >= month - 4 THEN log_price - lag(log_price) OVER series END AS step
    FROM month_ends
    CROSS JOIN asked
    WINDOW series AS (PARTITION BY product_id, shop ORDER BY month)
),
-- The same, cut where the product changed its category: a month of a price counts where the product is in that month.
placed AS (
    SELECT
        belonging.category,
        prices.month,
        prices.step,
        greatest(prices.month, belonging.from_month) AS first_month,
        least(prices.last_month, belonging.before_month - 1) AS last_month
    FROM prices
    LEFT JOIN belonging
      ON belonging.product_id = prices.product_id
     AND belonging.from_month <= prices.last_month
     AND belonging.before_month > prices.month
    WHERE $category IS NULL OR belonging.category = $category
),
-- Without a step a price has no pair in its own month. In each later one it is a pair with itself, a step of nothing.
counted AS (
    SELECT
        category,
        first_month,
        last_month,
        step IS NOT NULL OR first_month > month AS is_paired,
        count(*) AS prices,
        sum(CASE WHEN first_month = month THEN step END) AS steps
    FROM placed
    GROUP BY ALL
),
monthly AS (
    SELECT
        category,
        month,
        CASE WHEN is_paired OR month > first_month THEN prices ELSE 0 END AS pairs,
        CASE WHEN month = first_month THEN steps END AS steps
    FROM counted, unnest(range(first_month, last_month + 1)) AS lasting(month)
),
-- The mean step of a month, of all goods asked for (`is_all`) and by category. A month without pairs has no value, but
-- for the first one with a price, where the chain begins.
links AS (
    SELECT
        grouping(category) = 1 AS is_all,
        category,
        month,
        coalesce(sum(steps) / sum(pairs), 0) AS link
    FROM monthly
    GROUP BY GROUPING SETS ((month), (category, month))
    QUALIFY sum(pairs) > 0 OR month = min(month) OVER (PARTITION BY is_all, category)
),
-- Chained over all of history, then cut to the window and set to 100 in its first month that has a value.
levels AS (
    SELECT is_all, category, month, sum(link) OVER (PARTITION BY is_all, category ORDER BY month) AS level
    FROM links
),
indices AS (
    SELECT
        is_all,
        category,
        month,
        100 * exp(level - first_value(level) OVER (PARTITION BY is_all, category ORDER BY month)) AS value
    FROM levels
    CROSS JOIN asked
    WHERE month >= asked.first_month
),

-- The official index, unless a category is asked for that nobody ever spoke of.
published AS (
    SELECT 12 * year(period) + month(period) - 1 AS month, value
    FROM {price_index}.cpi
    WHERE series = $series
      AND ($category IS NULL OR $category IN (SELECT category FROM {price_index}.category_names))
),
in_window AS (
    SELECT published.month, published.value
    FROM published
    CROSS JOIN asked
    WHERE published.month BETWEEN asked.first_month AND asked.last_month
),
base AS (
    SELECT coalesce((SELECT min(month) FROM indices WHERE is_all), (SELECT min(month) FROM in_window)) AS month
),
official AS (
    SELECT
        in_window.month,
        100 * in_window.value / first_value(in_window.value) OVER (ORDER BY in_window.month) AS value
    FROM in_window
    CROSS JOIN base
    WHERE in_window.month >= base.month
),

-- Every month from the base to the last one that has a value.
months AS (
    SELECT unnest(range(min(month), max(month) + 1)) AS month
    FROM (SELECT month FROM indices WHERE is_all UNION ALL SELECT month FROM official)
),
answers AS (
    SELECT NULL AS category, months.month, indices.value, official.value AS cpi
    FROM months
    LEFT JOIN indices ON indices.is_all AND indices.month = months.month
    LEFT JOIN official ON official.month = months.month
    UNION ALL
    SELECT category, NULL, arg_max(value, month), NULL
    FROM indices
    WHERE category <> ''
    GROUP BY category
)
-- Half a hundredth goes up. Few halves are doubles, so it is told in decimals; what is too large for one is unknown.
SELECT
    category,
    printf('%04d-%02d', month // 12, month % 12 + 1) AS month,
    CAST(round(TRY_CAST(value AS DECIMAL(38, 9)), 2) AS DOUBLE) AS cartsnitch_index,
    CAST(round(TRY_CAST(cpi AS DECIMAL(38, 9)), 2) AS DOUBLE) AS cpi
FROM answers
ORDER BY answers.category, answers.month
