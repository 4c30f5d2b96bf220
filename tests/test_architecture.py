"""The laws that a look at the files can enforce."""

import http
import importlib
import pkgutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import handlers
from readmodel.events.event import streams

ROOT = Path(__file__).parents[1]
PROJECTIONS = sorted(path.parent.name for path in (ROOT / "projections").glob("*/__init__.py"))


def test_http_stays_the_standard_library_s() -> None:
    """The folder `http` is a source root; as a package it would shadow the module that aiohttp imports."""
    assert not (ROOT / "http" / "__init__.py").exists()
    assert http.HTTPStatus(200) is http.HTTPStatus.OK
    assert Path(http.__file__).is_relative_to(sysconfig.get_path("stdlib"))


def test_imports_point_down_only() -> None:
    """The contracts in pyproject.toml hold: each layer knows only those below it."""
    linter = Path(sys.executable).with_name("lint-imports")

    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", PROJECTIONS)
def test_a_projection_has_tests_of_its_name(name: str) -> None:
    """What the fold law cannot know about a projection is said in tests/projections/NAME or test_NAME.py."""
    tests = ROOT / "tests" / "projections"

    found = (tests / name).is_dir() or (tests / f"test_{name}.py").is_file()

    assert found, f"add {tests / f'test_{name}.py'}"


def test_every_stream_has_a_handler_of_its_name() -> None:
    """A contract whose stream nobody subscribes to would never be folded."""
    subscribed = {
        module.name
        for module in pkgutil.iter_modules(handlers.__path__)
        if hasattr(importlib.import_module(f"handlers.{module.name}"), "subscribe")
    }

    assert {f"cartsnitch.{name}" for name in subscribed} == set(streams())
