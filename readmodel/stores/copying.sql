-- instants_in_utc --
-- Copied as text, an instant must mean the same to whoever reads it.
SET LOCAL TimeZone = 'UTC';

-- days_in_order --
-- And a day must be year, month, day, whatever the server is set to.
SET LOCAL DateStyle = 'ISO, YMD';

-- doubles_in_full --
-- The shortest text that reads back as the same number.
SET LOCAL extra_float_digits = 1;
