"""The engine and the vocabulary of the read side."""
