"""A kit for testing projections, for those of this repository and for anybody's.

| module | what it has |
|---|---|
| `given` | given these events, delivered in this way, these are the answers: a log on real stores |
| `delivery` | the ways: how often, in what batches, in what order |
| `law` | what a definition makes of events, and a projection's tables in a real store, to be folded into |
| `fold_law` | the check that the two agree, whatever the way (needs Hypothesis) |
| `strategies` | made-up events of any contract, and ways to split them (needs Hypothesis) |

What is not said to need Hypothesis needs no more than the service does: a Postgres, or the `embedded` extra.
CONTRIBUTING.md has a whole example.
"""
