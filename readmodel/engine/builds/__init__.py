"""Making builds of a projection from history, comparing them, showing one instead of another."""
