-- lists_of_user --
-- One page of a user's lists, the one in use first. A list that was saved again after its removal is there again.
SELECT list_id AS id, name, item_count, created_at, updated_at
FROM {shopping_lists}.lists
WHERE user_id = $user_id
  AND saved_at > coalesce(removed_at, -1)
ORDER BY updated_at DESC, id
