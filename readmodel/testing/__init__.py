"""A kit for testing projections: events of any shape, folds in any split, and the definition to compare with."""
