-- receipts_by_user --
-- Users see their own purchases, newest first.
CREATE INDEX receipts_by_user ON receipts (user_id, purchase_date)
