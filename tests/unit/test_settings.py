"""The environment, read and checked."""

from pathlib import Path

import pytest

from readmodel.errors import ReadModelError, SecretWeak, SettingInvalid, SettingMissing, SettingUnreadable
from readmodel.settings import SECRETS, Settings

SECRET = "0123456789abcdef0123456789abcdef"
REDIS, POSTGRES = "redis://:pw@cache:6379/0", "postgresql://me:pw@db/app"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment that sets nothing of ours but DATA_DIR."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{name.upper()}_FILE", raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    return monkeypatch


def test_nothing_needs_to_be_set(environment: pytest.MonkeyPatch) -> None:
    """With an empty environment the service listens on loopback, port 8080, and brings its own servers."""
    environment.delenv("DATA_DIR")

    settings = Settings.load()

    assert (settings.host, settings.port, settings.data_dir) == ("127.0.0.1", 8080, Path("data"))
    assert settings.uses_embedded


def test_an_empty_variable_is_an_unset_one(environment: pytest.MonkeyPatch) -> None:
    """`REDIS_URL=` means the same as no REDIS_URL."""
    environment.setenv("REDIS_URL", "")

    assert Settings.load().redis_url is None


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_come_from_a_file(name: str, environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`<NAME>_FILE` works for every secret, with the newline that editors add."""
    values = {"redis_url": REDIS, "database_url": POSTGRES, "jwt_keys": f'{{"a": "{SECRET}"}}'}
    (tmp_path / "secret").write_text(values.get(name, SECRET) + "\n")
    environment.setenv(f"{name.upper()}_FILE", str(tmp_path / "secret"))

    value = getattr(Settings.load(), name)

    assert value == ({"a": SECRET} if name == "jwt_keys" else values.get(name, SECRET))


def test_a_secret_has_one_source(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A secret that is set twice is refused: one of the two would be ignored."""
    (tmp_path / "secret").write_text(SECRET)
    environment.setenv("SERVICE_KEY", SECRET)
    environment.setenv("SERVICE_KEY_FILE", str(tmp_path / "secret"))

    with pytest.raises(SettingInvalid, match="SERVICE_KEY is not usable: both it and SERVICE_KEY_FILE"):
        Settings.load()


@pytest.mark.parametrize("content", [None, " \n"])
def test_a_secret_file_must_hold_something(
    content: str | None, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file that is missing or empty is refused by name."""
    path = tmp_path / "secret"
    if content is not None:
        path.write_text(content)
    environment.setenv("JWT_SECRET_FILE", str(path))

    with pytest.raises(SettingUnreadable, match=f"JWT_SECRET_FILE names {path}"):
        Settings.load()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("PORT", "http", "PORT is not usable: Input should be a valid integer"),
        ("PORT", "70000", "PORT is not usable: Input should be less than or equal to 65535"),
        (
            "REDIS_URL",
            "memcached://:hunter2@x",
            "REDIS_URL is not usable: expected a URL that starts",
        ),
        (
            "DATABASE_URL",
            "mysql://:hunter2@x",
            "DATABASE_URL is not usable: expected a URL that starts",
        ),
        ("JWT_KEYS", "hunter2", "JWT_KEYS is not usable: expected a JSON object from kid to secret"),
        ("JWT_KEYS", '["hunter2"]', "JWT_KEYS is not usable: Input should be a valid dictionary"),
        ("EMBEDDED", "perhaps", "EMBEDDED is not usable: Input should be 'auto' or 'never'"),
        ("JWT_SECRET", "hunter2", "JWT_SECRET has 7 bytes and needs at least 32"),
        ("SERVICE_KEY", "hunter2", "SERVICE_KEY has 7 bytes and needs at least 32"),
        ("JWT_KEYS", '{"may": "hunter2"}', r"JWT_KEYS\[may\] has 7 bytes and needs at least 32"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: str, message: str, environment: pytest.MonkeyPatch) -> None:
    """The message names the variable, and never repeats a secret."""
    environment.setenv(name, value)

    with pytest.raises(ReadModelError, match=message) as refusal:
        Settings.load()

    assert "hunter2" not in str(refusal.value)


def test_secrets_do_not_show(environment: pytest.MonkeyPatch) -> None:
    """A printed `Settings` holds no secret."""
    for name, value in {"REDIS_URL": REDIS, "DATABASE_URL": POSTGRES, "JWT_SECRET": SECRET}.items():
        environment.setenv(name, value)

    settings = Settings.load()

    assert ":pw" not in f"{settings!r} {settings}"
    assert SECRET not in f"{settings!r} {settings}"


@pytest.mark.parametrize("missing", ["REDIS_URL", "DATABASE_URL"])
def test_without_embedded_servers_a_url_is_needed(missing: str, environment: pytest.MonkeyPatch) -> None:
    """EMBEDDED=never makes a missing URL an error, as in the container image."""
    environment.setenv("EMBEDDED", "never")
    for name, value in {"REDIS_URL": REDIS, "DATABASE_URL": POSTGRES}.items():
        if name != missing:
            environment.setenv(name, value)

    with pytest.raises(SettingMissing, match=f"{missing} is not set; set it, or {missing}_FILE"):
        Settings.load()


def test_origins_are_separated_by_commas(environment: pytest.MonkeyPatch) -> None:
    """An origin has no slash at its end, as browsers send none."""
    environment.setenv("CORS_ORIGINS", "https://cartsnitch.example/, http://localhost:3000")

    assert Settings.load().cors_origins == ("https://cartsnitch.example", "http://localhost:3000")


def test_the_newest_key_signs(environment: pytest.MonkeyPatch) -> None:
    """Keys keep their order, after JWT_SECRET, so that its tokens outlive the change to JWT_KEYS."""
    environment.setenv("JWT_SECRET", SECRET)
    environment.setenv("JWT_KEYS", f'{{"may": "{SECRET}5", "june": "{SECRET}6"}}')

    keys = Settings.load().signing_keys()

    assert list(keys.items()) == [("default", SECRET), ("may", f"{SECRET}5"), ("june", f"{SECRET}6")]


def test_embedded_mode_makes_its_secrets_once(tmp_path: Path) -> None:
    """What is generated is strong, private, and the same at the next start."""
    first, second = Settings.load().with_secrets(), Settings.load().with_secrets()

    files = sorted((tmp_path / "data" / "secrets").iterdir())
    assert [file.name for file in files] == ["jwt_secret", "service_key"]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert (first.jwt_secret, first.service_key) == (second.jwt_secret, second.service_key)
    assert min(len(first.jwt_secret or ""), len(first.service_key or "")) >= 64
    assert first.jwt_secret != first.service_key


def test_embedded_mode_keeps_secrets_that_are_set(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only what is missing is generated."""
    environment.setenv("JWT_SECRET", SECRET)

    settings = Settings.load().with_secrets()

    assert settings.jwt_secret == SECRET
    assert [file.name for file in (tmp_path / "data" / "secrets").iterdir()] == ["service_key"]


@pytest.mark.parametrize("missing", ["JWT_SECRET", "SERVICE_KEY"])
def test_elsewhere_a_missing_secret_is_refused(missing: str, environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Several processes on servers of their own must agree on the secrets, so none makes one up."""
    for name in {"JWT_SECRET", "SERVICE_KEY"} - {missing}:
        environment.setenv(name, SECRET)
    environment.setenv("REDIS_URL", REDIS)
    environment.setenv("DATABASE_URL", POSTGRES)

    with pytest.raises(SettingMissing, match=f"{missing} is not set"):
        Settings.load().with_secrets()

    assert not (tmp_path / "data").exists()


def test_a_strong_secret_is_counted_in_bytes(environment: pytest.MonkeyPatch) -> None:
    """31 bytes are refused, however many characters."""
    environment.setenv("JWT_SECRET", "x" * 29 + "é")

    with pytest.raises(SecretWeak, match="has 31 bytes"):
        Settings.load()
