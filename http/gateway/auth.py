"""Who is asking: bearer tokens, signed with HS256 by one of several keys."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

import jwt
from aiohttp import web

from gateway.problems import Problem
from readmodel.errors import ReadModelError, SecretWeak

ACCESS_SECONDS = 15 * 60
ADMIN = "admin"

_ALGORITHM = "HS256"
_KEY_BYTES = 32
_LONGEST_USER_ID = 64
# Tokens of the same key may be made elsewhere, for an audience that we were never told of. `iat` decides nothing,
# and a clock that is a second ahead must not lock users out.
_OPTIONS: Any = {"require": ["exp", "sub"], "verify_aud": False, "verify_iat": False}


@dataclass(frozen=True, slots=True)
class User:
    """Somebody whose credentials held. The id is any text of at most 64 characters, compared exactly."""

    id: str
    role: str = "user"


class AuthenticatorLike(Protocol):
    """Whatever knows users by their credentials."""

    async def user(self, request: web.Request) -> User | None:
        """The user a request speaks for, None where it shows no credentials; Unauthorized where they do not hold."""
        ...


class Unauthorized(Problem):
    """{reason}"""

    status = HTTPStatus.UNAUTHORIZED

    def __init__(self, reason: str, error: str = "") -> None:
        """`error` is RFC 6750's, for credentials that were shown."""
        challenge = f'Bearer realm="cartsnitch", error="{error}"' if error else 'Bearer realm="cartsnitch"'
        super().__init__(reason=reason, headers={"WWW-Authenticate": challenge})


class SigningKeyMissing(ReadModelError):
    """There is no key to sign or verify tokens with; set JWT_SECRET or JWT_KEYS."""


class UserIdInvalid(ReadModelError):
    """{user_id!r} is not a user id: that is 1 to 64 characters, without NUL."""


class Authenticator:
    """Verifies access tokens. A token names its key by `kid`; one that names none may be of any."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        """Keys by `kid`; SecretWeak for one under 32 bytes, SigningKeyMissing for none at all."""
        self._keys = checked_keys(keys)

    async def user(self, request: web.Request) -> User | None:
        """See AuthenticatorLike."""
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthorized("The Authorization header must be: Bearer, a space, and an access token.")
        return self.verified(token.strip())

    def verified(self, token: str) -> User:
        """The user a token was made for; Unauthorized when it does not hold (any more)."""
        try:
            claims = self._claims(token)
        except jwt.ExpiredSignatureError:
            raise Unauthorized("The access token has expired.", "invalid_token") from None
        except (jwt.InvalidTokenError, UnicodeError):
            raise Unauthorized("The access token is not valid.", "invalid_token") from None
        user_id, kind = claims["sub"], claims.get("type", "access")
        if not is_user_id(user_id) or kind != "access":
            raise Unauthorized("The access token is not valid.", "invalid_token")
        return User(user_id, str(claims.get("role", "user")))

    def _claims(self, token: str) -> dict[str, Any]:
        kid = jwt.get_unverified_header(token).get("kid")
        candidates = list(self._keys.values()) if kid is None else [self._keys[kid]] if kid in self._keys else []
        for key in candidates:
            try:
                return jwt.decode(token, key, algorithms=[_ALGORITHM], options=_OPTIONS)
            except jwt.InvalidSignatureError:
                continue
        raise jwt.InvalidSignatureError


def make_token(keys: Mapping[str, str], user_id: str, *, role: str = "user", seconds: int = ACCESS_SECONDS) -> str:
    """An access token, signed with the last of the keys; UserIdInvalid, SecretWeak or SigningKeyMissing."""
    if not is_user_id(user_id):
        raise UserIdInvalid(user_id=user_id)
    kid, key = list(checked_keys(keys).items())[-1]
    now = int(time.time())
    claims = {"sub": user_id, "type": "access", "role": role, "iat": now, "exp": now + seconds}
    return jwt.encode(claims, key, algorithm=_ALGORITHM, headers={"kid": kid})


def checked_keys(keys: Mapping[str, str]) -> dict[str, str]:
    """The keys, none of them weak; RFC 7518 wants as many bits as the hash has."""
    if not keys:
        raise SigningKeyMissing
    for kid, key in keys.items():
        if len(key.encode()) < _KEY_BYTES:
            raise SecretWeak(name=f"The JWT key {kid!r}", length=len(key.encode()), minimum=_KEY_BYTES)
    return dict(keys)


def is_user_id(text: str) -> bool:
    """Whether a text can be a user's id, and be stored: no NUL and no half of a surrogate pair."""
    storable = "\x00" not in text and text.encode("utf-8", "ignore").decode() == text
    return storable and 0 < len(text) <= _LONGEST_USER_ID
