"""The market's source of chance."""

from random import Random


def dice(*parts: str | int) -> Random:
    """Random numbers of its own for each part of the market, so that one's draws never shift another's."""
    return Random("/".join(map(str, parts)))  # noqa: S311 - repeatable is the point, nothing here is secret


def seldom(chance: float, *parts: str | int) -> bool:
    """Whether something happens that does with this chance (0 to 1); always the same for the same parts."""
    return dice(*parts).random() < chance
