"""The errors of this service."""

import pickle

import pytest

from readmodel.errors import DataDirLocked, ReadModelError


def test_the_docstring_is_the_message() -> None:
    """An error says its docstring, with the offending values in it."""
    error = DataDirLocked(path="/srv/data", pid=42)

    assert str(error) == (
        "The data directory /srv/data is in use by process 42; stop it or set DATA_DIR to another folder."
    )


def test_a_message_of_several_lines_is_one_line() -> None:
    """Where a docstring wraps is no business of whoever reads the message."""

    class TooLong(ReadModelError):
        """The first half
        and the second, {name}."""

    assert str(TooLong(name="joined")) == "The first half and the second, joined."


def test_a_missing_value_is_noticed() -> None:
    """An error without the value that it names is a mistake where it is raised."""
    with pytest.raises(KeyError, match="pid"):
        DataDirLocked(path="/srv/data")


def test_one_base_catches_all() -> None:
    """Whoever wants to tell our errors from bugs catches `ReadModelError`."""
    with pytest.raises(ReadModelError):
        raise DataDirLocked(path="/srv/data", pid=42)


def test_an_error_crosses_processes() -> None:
    """A pickled error comes back with its message and its values."""
    error = DataDirLocked(path="/srv/data", pid=42)

    copy = pickle.loads(pickle.dumps(error))

    assert (type(copy), str(copy), copy.values) == (
        DataDirLocked,
        str(error),
        {"path": "/srv/data", "pid": 42},
    )
