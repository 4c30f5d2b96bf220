-- lists --
-- A list as it was saved last, when it was saved first, and its newest removal. saved_at and removed_at are positions,
-- as in every entity; the oldest position is the greatest of those with a minus sign. The user is part of the key, so
-- nobody can overwrite or remove another user's list by using its id.
SELECT
    user_id,
    list_id,
    name,
    item_count,
    occurred_at AS updated_at,
    position AS saved_at,
    occurred_at AS created_at,
    -position AS minus_position,
    CAST(NULL AS BIGINT) AS removed_at
FROM shopping_lists_saved
UNION ALL
SELECT user_id, list_id, NULL, NULL, NULL, NULL, NULL, NULL, position
FROM shopping_lists_removed
