"""The steps of long work on a terminal, as they come."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.status import Status

Shown = dict[str, Any]


@contextmanager
def steps_shown() -> Iterator[Callable[[Shown], list[Shown]]]:
    """Show steps on a terminal as they come; give back those that are outcomes."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda step: [step["outcome"]] if "outcome" in step else []
        return
    with Status("beginning", console=console) as status:

        def show(step: Shown) -> list[Shown]:
            if "outcome" in step:
                return [step["outcome"]]
            status.update(_line(step))
            return []

        yield show


def _line(step: Shown) -> str:
    line = f"{step['projection']}: {step['phase']}" if "projection" in step else str(step["phase"])
    if step["done"]:
        line += f", {step['done']:,} at {step['rate']:,.0f}/s"
    return line + (f", {step['eta_seconds']:.0f} s left" if step["eta_seconds"] is not None else "")
