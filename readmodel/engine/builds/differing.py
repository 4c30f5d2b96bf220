"""What differs between two builds of a projection."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from readmodel.engine.builds.comparison import compare
from readmodel.engine.builds.scratch import scratch
from readmodel.engine.plan import Plan
from readmodel.stores.copying import Copier, Moment
from readmodel.stores.store import Version


class Differing:
    """Compares two builds as they are when `look` is called, whatever becomes of them afterwards. It blocks."""

    def __init__(self, plan: Plan, old: Version, new: Version, copier: Copier, data_dir: Path) -> None:
        self._plan = plan
        self._builds = {"old": old, "new": new}
        self._copier = copier
        self._data_dir = data_dir
        self._open = ExitStack()
        self._moment: Moment | None = None

    def look(self) -> None:
        """Take hold of both as they are now."""
        self._moment = self._open.enter_context(self._copier.moment())
        self._moment.cursors(self._builds["new"])  # a transaction sees what there is at its first statement

    def found(self) -> dict[str, Any]:
        """By table, what the new build would add, remove and change."""
        assert self._moment
        with scratch(self._data_dir) as connection:
            differences = {}
            for shape in self._plan.shapes():
                for name, version in self._builds.items():
                    self._moment.copy(version, shape, connection, name)
                differences[shape.name] = compare(connection, "old", "new", shape.columns).as_json()
            return differences

    def close(self) -> None:
        """Let go of both."""
        self._open.close()
