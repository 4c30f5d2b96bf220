"""Who may call a route."""

import hmac
from enum import Enum

from aiohttp import web

from gateway.auth import ADMIN, AuthenticatorLike, Unauthorized, User
from gateway.problems import Forbidden

SERVICE_KEY_HEADER = "X-Service-Key"
NOBODY = User("")
OPERATOR = User("", ADMIN)


class Access(Enum):
    """What a caller has to be."""

    ANYBODY = "anybody"
    USER = "user"
    OPERATOR = "operator"


class Door:
    """Lets callers in, before their parameters are looked at."""

    def __init__(self, auth: AuthenticatorLike, service_key: str | None) -> None:
        self._auth = auth
        self._service_key = service_key

    async def admit(self, request: web.Request, access: Access) -> User:
        """The caller; Unauthorized without credentials that hold, Forbidden when they are not enough."""
        if access is Access.ANYBODY:
            return NOBODY
        if access is Access.OPERATOR and self._shows_service_key(request):
            return OPERATOR
        user = await self._auth.user(request)
        if user is None:
            raise Unauthorized("Send an access token: `Authorization: Bearer ...`.")
        if access is Access.OPERATOR and user.role != ADMIN:
            raise Forbidden(reason="it takes the role admin, or the service key")
        return user

    def _shows_service_key(self, request: web.Request) -> bool:
        sent = request.headers.get(SERVICE_KEY_HEADER)
        if sent is None or self._service_key is None:
            return False
        # In constant time, so that the key cannot be guessed byte by byte.
        return hmac.compare_digest(sent.encode("utf-8", "surrogateescape"), self._service_key.encode())
