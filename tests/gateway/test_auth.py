import time
from typing import Any

import jwt
import pytest

from gateway.auth import Authenticator, SigningKeyMissing, Unauthorized, User, UserIdInvalid, make_token
from readmodel.errors import SecretWeak
from tests.gateway.conftest import ANNA, KEYS, SERVICE_KEY, Client, Watched, bearer

OLD, NEW = {"2024": "o" * 32}, {"2025": "k" * 32}
NOT_A_UUID = "/api/v1/products/butter"


def signed(key: str = KEYS["2025"], algorithm: str = "HS256", headers: Any = None, **claims: Any) -> str:
    """A token made elsewhere."""
    given = {"sub": ANNA, "exp": time.time() + 60, **claims}
    return jwt.encode({k: v for k, v in given.items() if v is not None}, key, algorithm, headers)


@pytest.mark.parametrize("user_id", ["user-anna", "auth0|Ben", "Zoë 日本", "x" * 64, " "])
def test_a_user_id_comes_back_as_it_was(user_id: str) -> None:
    """Any text of at most 64 characters, not a letter of it changed."""
    assert Authenticator(KEYS).verified(make_token(KEYS, user_id, role="admin")) == User(user_id, "admin")


@pytest.mark.parametrize("user_id", ["", "x" * 65, "a\x00b", "\ud800"])
def test_what_cannot_be_a_user_id_gets_no_token(user_id: str) -> None:
    """Nor would such a token be accepted."""
    with pytest.raises(UserIdInvalid):
        make_token(KEYS, user_id)
    with pytest.raises(Unauthorized):
        Authenticator(KEYS).verified(signed(sub=user_id))


def test_keys_can_be_rotated() -> None:
    """The last key signs, all of them verify, and what names no key may be of any."""
    both = Authenticator(OLD | NEW)
    for token in (make_token(OLD, ANNA), make_token(OLD | NEW, ANNA), signed(OLD["2024"]), signed()):
        assert both.verified(token).id == ANNA
    assert Authenticator(NEW).verified(make_token(OLD | NEW, ANNA)).id == ANNA
    with pytest.raises(Unauthorized):
        Authenticator(NEW).verified(make_token(OLD, ANNA))


@pytest.mark.parametrize(
    "token",
    [
        signed(exp=time.time() - 1),
        signed(exp=None),
        signed(sub=None),
        signed(sub=7),
        signed(type="refresh"),
        signed(nbf=time.time() + 60),
        signed("w" * 32),
        signed(headers={"kid": "2031"}),
        "a.b.c",
        signed("k" * 64, "HS512"),
        jwt.encode({"sub": ANNA, "exp": time.time() + 60}, "", "none"),
        "",
        "é",
    ],
    ids=range(13),  # because the tokens are others in each process that collects the tests
)
def test_a_token_that_does_not_hold_is_refused(token: str) -> None:
    """Expired, endless, nobody's, for something else, of another key or algorithm, or no token at all."""
    with pytest.raises(Unauthorized):
        Authenticator({"2025": KEYS["2025"], "long": "k" * 64}).verified(token)


def test_a_token_of_another_maker_may_say_more() -> None:
    """An audience that we were never told of, and a clock that is ahead, are no reasons to refuse."""
    token = signed(aud="frontend", iss="auth", iat=time.time() + 30)
    assert Authenticator(KEYS).verified(token) == User(ANNA)


def test_weak_keys_are_refused() -> None:
    """Under 32 bytes, for signing and for verifying; and no key at all."""
    with pytest.raises(SecretWeak, match="31 bytes"):
        Authenticator(NEW | {"weak": "x" * 31})
    with pytest.raises(SecretWeak):
        make_token({"weak": "x" * 31}, ANNA)
    with pytest.raises(SigningKeyMissing):
        Authenticator({})


async def test_credentials_are_checked_before_parameters(closed: Client) -> None:
    """Who shows none learns nothing about the parameters."""
    assert (await closed.get(NOT_A_UUID)).status == 401
    assert (await closed.get(NOT_A_UUID, headers=bearer())).status == 422


@pytest.mark.parametrize(
    ("authorization", "challenge"),
    [
        (None, 'Bearer realm="cartsnitch"'),
        ("Basic YTpi", 'Bearer realm="cartsnitch"'),
        ("Bearer", 'Bearer realm="cartsnitch", error="invalid_token"'),
        ("Bearer nonsense", 'Bearer realm="cartsnitch", error="invalid_token"'),
        (f"Bearer {signed(exp=1)}", 'Bearer realm="cartsnitch", error="invalid_token"'),
    ],
)
async def test_who_is_not_known_is_told_how(closed: Client, authorization: str | None, challenge: str) -> None:
    """401 with the challenge of RFC 6750."""
    headers = {"Authorization": authorization} if authorization else {}
    response = await closed.get("/api/v1/purchases", headers=headers)
    assert (response.status, (await response.json())["code"]) == (401, "UNAUTHORIZED")
    assert response.headers["WWW-Authenticate"] == challenge


async def test_the_scheme_is_spelled_in_any_case(closed: Client) -> None:
    """RFC 9110: authentication schemes know no case."""
    headers = {"Authorization": bearer()["Authorization"].replace("Bearer", "bearer")}
    assert (await closed.get(NOT_A_UUID, headers=headers)).status == 422


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        (bearer(), 403),
        (bearer(role="admin"), 200),
        ({"X-Service-Key": SERVICE_KEY}, 200),
        ({"X-Service-Key": SERVICE_KEY[:-1]}, 401),
        ({"X-Service-Key": "ключ"}, 401),
        ({"X-Service-Key": "wrong", **bearer(role="admin")}, 200),
    ],
)
async def test_operators_show_a_role_or_the_service_key(
    closed: Client, monitor: Watched, headers: dict[str, str], status: int
) -> None:
    """401 for nobody, 403 for a user, and the statuses for an operator."""
    monitor.rows = [{"name": "stores", "version": 1, "store": "postgres", "state": "live", "cursors": {}}]
    response = await closed.get("/api/v1/ops/projections", headers=headers)
    assert response.status == status
    if status == 200:
        assert await response.json() == monitor.rows
