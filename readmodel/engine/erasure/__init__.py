"""Taking out of the log, and of all that was made of it, what must not be kept."""
