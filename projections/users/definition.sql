-- email_inboxes --
-- The token in the address that a user's receipts are sent to; a registration without one takes none away.
SELECT
    user_id,
    email_inbound_token AS token,
    position
FROM users_registered
WHERE email_inbound_token IS NOT NULL
