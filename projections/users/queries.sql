-- email_inbox_of_user --
-- One user's token.
SELECT token
FROM {users}.email_inboxes
WHERE user_id = $user_id
