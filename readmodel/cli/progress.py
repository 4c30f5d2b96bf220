"""A progress bar with rate and time left; log lines and errors appear above it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


@contextmanager
def shown(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how much of `total` is done while the caller says so; silent where nobody watches."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:>9,.0f}/s"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total, rate=0.0)

        def done(count: int) -> None:
            progress.update(task, completed=count, rate=progress.tasks[0].speed or 0.0)

        yield done
