"""What the environment says: every variable of the service, checked once, at the start."""

import json
import os
import secrets
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from readmodel import datadir
from readmodel.errors import SecretWeak, SettingInvalid, SettingMissing, SettingUnreadable

# RFC 7518, section 3.2: an HMAC key has at least as many bits as the hash, so 32 bytes for HS256.
SECRET_BYTES: Final = 32
# Each may also come from the file that <NAME>_FILE names; a URL is a secret because it may hold a password.
SECRETS: Final = ("redis_url", "database_url", "archive_url", "jwt_secret", "jwt_keys", "service_key")
LOCAL_FRONTENDS: Final = ("http://localhost:3000", "http://localhost:5173")
REDIS_SCHEMES: Final = ("redis://", "rediss://", "unix://")
POSTGRES_SCHEMES: Final = ("postgresql://", "postgres://")
ARCHIVE_SCHEMES: Final = ("s3://", "file://")


class Settings(BaseSettings):
    """The service's configuration. Make one with `Settings.load()`; a secret never shows in its repr."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True)

    redis_url: str | None = Field(default=None, repr=False)
    database_url: str | None = Field(default=None, repr=False)
    data_dir: Path = Path("./data")
    archive_url: str | None = Field(default=None, repr=False)
    archive_segment_rows: int = Field(default=50_000, ge=1)
    archive_segment_seconds: float = Field(default=60.0, gt=0)
    archive_grace_seconds: float = Field(default=3_600.0, ge=0)
    stream_tail_seconds: float = Field(default=3_600.0, ge=0)
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    jwt_secret: str | None = Field(default=None, repr=False)
    jwt_keys: Annotated[dict[str, str], NoDecode] = Field(default_factory=dict, repr=False)
    service_key: str | None = Field(default=None, repr=False)
    cors_origins: Annotated[tuple[str, ...], NoDecode] = LOCAL_FRONTENDS
    embedded: Literal["auto", "never"] = "auto"
    stall_seconds: float = Field(default=60.0, gt=0)
    audit_every_seconds: float = Field(default=6 * 3600, ge=0)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @classmethod
    def load(cls) -> Self:
        """Read the environment; raises one of the `Setting...` errors or `SecretWeak`."""
        try:
            settings = cls()
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            name = str(first["loc"][0]).upper()
            raise SettingInvalid(name=name, reason=first["msg"].removeprefix("Value error, ")) from None
        settings._refuse_missing_urls()
        settings._refuse_weak_secrets()
        return settings

    @property
    def uses_embedded(self) -> bool:
        """Whether this service brings a server of its own, and may therefore make its own secrets as well."""
        return self.embedded == "auto" and (self.redis_url is None or self.database_url is None)

    @property
    def archive(self) -> str:
        """Where the archive is: a folder, or the URL of a place in S3."""
        return self.archive_url or str(self.data_dir.expanduser() / "archive")

    def signing_keys(self) -> dict[str, str]:
        """JWT keys by `kid`: all verify, the last one signs; `JWT_SECRET` is the oldest, `default`."""
        oldest = {} if self.jwt_secret is None else {"default": self.jwt_secret}
        return oldest | self.jwt_keys

    def with_secrets(self) -> Self:
        """These settings with no secret missing: made in embedded mode and kept in the data directory, else refused.

        What was made once is found there also by commands that are given both URLs, as by `readmodel env`.
        Raises `SettingMissing` naming the variable.
        """
        missing = [] if self.signing_keys() else ["jwt_secret"]
        missing += [] if self.service_key else ["service_key"]
        if not missing:
            return self
        for name in missing:
            if not self.uses_embedded and not (self.data_dir.expanduser() / "secrets" / name).exists():
                raise SettingMissing(name=name.upper())
        folder = datadir.prepare(self.data_dir / "secrets")
        kept = {name: datadir.keep(folder / name, secrets.token_hex(SECRET_BYTES)) for name in missing}
        return self.model_copy(update=kept)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment and the files it names; no `.env`, which would be a second place to look."""
        return init_settings, _SecretFiles(settings_cls), env_settings

    @field_validator("jwt_keys", mode="before")
    @classmethod
    def _parse_keys(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError('expected a JSON object from kid to secret, as {"2026-01": "..."}') from None

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return tuple(origin.strip().rstrip("/") for origin in value.split(",") if origin.strip())

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator("redis_url", "database_url")
    @classmethod
    def _check_scheme(cls, value: str | None, info: Any) -> str | None:
        schemes = REDIS_SCHEMES if info.field_name == "redis_url" else POSTGRES_SCHEMES
        if value is not None and not value.startswith(schemes):
            raise ValueError(f"expected a URL that starts with {' or '.join(schemes)}")
        return value

    @field_validator("archive_url")
    @classmethod
    def _check_archive(cls, value: str | None) -> str | None:
        if value is not None and "://" in value and not value.startswith(ARCHIVE_SCHEMES):
            raise ValueError("expected a folder, or a URL that starts with s3://")
        return value

    def _refuse_missing_urls(self) -> None:
        for name in ("redis_url", "database_url"):
            if self.embedded == "never" and getattr(self, name) is None:
                raise SettingMissing(name=name.upper())

    def _refuse_weak_secrets(self) -> None:
        named = {"SERVICE_KEY": self.service_key, "JWT_SECRET": self.jwt_secret}
        named |= {f"JWT_KEYS[{kid}]": secret for kid, secret in self.jwt_keys.items()}
        for name, secret in named.items():
            if secret is not None and len(secret.encode()) < SECRET_BYTES:
                raise SecretWeak(name=name, length=len(secret.encode()), minimum=SECRET_BYTES)


class _SecretFiles(PydanticBaseSettingsSource):
    """Reads what `<NAME>_FILE` names, as container platforms hand over secrets."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The file's text for one secret, or None where no file is named."""
        variable = field_name.upper()
        path = os.environ.get(f"{variable}_FILE")
        if not path or field_name not in SECRETS:
            return None, field_name, False
        if os.environ.get(variable):
            raise SettingInvalid(name=variable, reason=f"both it and {variable}_FILE are set; keep one")
        return _read(variable, Path(path)), field_name, False

    def __call__(self) -> dict[str, Any]:
        """All secrets that have a file, by field name."""
        fields = self.settings_cls.model_fields.items()
        values = {name: self.get_field_value(field, name)[0] for name, field in fields}
        return {name: value for name, value in values.items() if value is not None}


def _read(name: str, path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingUnreadable(name=name, path=path, reason=error) from error
    if not text:
        raise SettingUnreadable(name=name, path=path, reason="the file is empty")
    return text
