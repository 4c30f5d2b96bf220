"""Keeping tables up to date: from the stream to the commit, one owner a projection, nothing lost on the way."""
