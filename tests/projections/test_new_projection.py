"""What `readmodel new projection` makes works as it is, and is the example in CONTRIBUTING.md."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from readmodel.cli.new import projection
from readmodel.engine.catalogue import plans_of
from readmodel.engine.plan import Plan
from readmodel.testing.delivery import Delivery
from readmodel.testing.fold_law import check_fold_law
from readmodel.testing.given import Given, Tables

NAME = "price_extremes"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def top(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A checkout in which it was made, its projections importable by their names."""
    made = tmp_path_factory.mktemp("checkout")
    for folder in ("projections", "tests/projections"):
        (made / folder).mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        assert CliRunner().invoke(projection, [NAME], catch_exceptions=False).exit_code == 0
        patch.syspath_prepend(str(made / "projections"))
        yield made


@pytest.fixture(scope="module")
def plan(top: Path) -> Plan:
    (found,) = plans_of(NAME)
    return found


@pytest.fixture
async def log(plan: Plan, delivery: Delivery, shared_tables: Tables) -> AsyncIterator[Given]:
    """As in the tests of projections that are there already."""
    async with shared_tables.given(plan, delivery=delivery) as opened:
        yield opened


def written(top: Path) -> str:
    return (top / "tests" / "projections" / f"test_{NAME}.py").read_text()


async def test_the_test_that_is_made_passes(top: Path, log: Given) -> None:
    """However its events arrive."""
    made: dict[str, Any] = {}
    exec(written(top), made)

    await made["test_the_newest_sighting_is_kept"](log)


def test_the_projection_that_is_made_keeps_the_law(plan: Plan, shared_tables: Tables) -> None:
    """As every other."""
    check_fold_law(plan, shared_tables.emptied(plan), examples=10)


def test_it_is_the_example_for_contributors(top: Path) -> None:
    """Word for word, so that what they read runs."""
    examples = re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)

    assert written(top) in examples
