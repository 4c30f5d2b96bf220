import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import gateway
from gateway.asyncapi import page
from handlers.app import Consumer
from handlers.asyncapi import document
from readmodel.engine.views import Views
from tests.gateway.conftest import Client, Watched, serving

ASSETS = Path(gateway.__path__[0]) / "assets"
EVENTS = {
    "asyncapi": "3.0.0",
    "info": {"title": "CartSnitch <events>", "version": "1", "description": "All of them."},
    "channels": {
        "cartsnitch.prices": {
            "address": "cartsnitch.prices",
            "messages": {"it": {"$ref": "#/components/messages/prices:Message"}},
        }
    },
    "components": {
        "messages": {"prices:Message": {"payload": {"$ref": "#/components/schemas/Batch"}}},
        "schemas": {
            "Batch": {"type": "array", "items": {"$ref": "#/components/schemas/PriceUpdated"}},
            "PriceUpdated": {
                "type": "object",
                "description": "A price <b>observation</b> of `regular_price`.",
                "required": ["product_id"],
                "properties": {
                    "product_id": {"type": "string", "format": "uuid"},
                    "sale_price": {"anyOf": [{"type": "number"}, {"type": "null"}]},
                },
            },
        },
    },
}


class Loaded(HTMLParser):
    """What a page loads, and whether it has a script of its own."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []
        self._in_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses += [value for name in ("src", "href", "spec-url") if (value := given.get(name))]
        self.inline += [name for name in given if name.startswith("on") or name == "style"]
        self._in_script = tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        self.inline += [data] if self._in_script and data.strip() else []

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/asyncapi"])
async def test_pages_load_only_what_is_served_here(monitor: Watched, path: str) -> None:
    """No CDN, no inline script, and a policy that would stop both."""
    async with serving(Views([], {}), monitor, asyncapi=EVENTS) as client:
        response = await client.get(path)
        assert (response.status, response.content_type, response.charset) == (200, "text/html", "utf-8")
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self';" in policy
        loaded = Loaded(await response.text())
        assert not loaded.inline
        for address in loaded.addresses:
            if not address.startswith("#"):
                assert address.startswith("/")
                assert not address.startswith("//")
                assert (await client.get(address)).status == 200


def test_vendored_files_ask_no_other_host() -> None:
    """Redoc's logo is gone, Swagger UI's validator is off, and style sheets carry what they show."""
    scripts = {file.name: file.read_text(encoding="utf-8") for file in ASSETS.rglob("*.js")}
    assert "cdn.redoc" not in scripts["redoc.standalone.js"]
    assert "validatorUrl: null" in scripts["swagger-ui.js"]
    for file in ASSETS.rglob("*.css"):
        style = file.read_text(encoding="utf-8")
        assert not re.findall(r"url\([\"']?(?!data:|[\"'])[^)]{0,40}|@import", style), file
    assert not [name for name, script in scripts.items() if "fonts.googleapis.com" in script]


@pytest.mark.parametrize("package", ["swagger-ui", "redoc"])
def test_vendored_packages_bring_their_licences(package: str) -> None:
    """As both licences ask."""
    assert (ASSETS / "vendor" / package / "LICENSE").read_text().strip()


async def test_documents_are_revalidated(closed: Client) -> None:
    """A document that did not change is not sent again."""
    first = await closed.get("/openapi.json")
    again = await closed.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status, first.content_type, again.status) == (200, "application/json", 304)


@pytest.mark.parametrize("path", ["/assets/", "/assets/../app.py", "/assets/%2e%2e/app.py", "/assets/nonsense.js"])
async def test_only_assets_are_assets(closed: Client, path: str) -> None:
    """Neither a listing nor anything beside them."""
    response = await closed.get(path)
    assert response.status == 404
    assert response.content_type == "application/problem+json"


async def test_the_event_contracts_are_shown(monitor: Watched) -> None:
    """As the document itself, and as a page with every stream, event and field, all of it escaped."""
    async with serving(Views([], {}), monitor, asyncapi=EVENTS) as client:
        assert await (await client.get("/asyncapi.json")).json() == EVENTS
        text = await (await client.get("/asyncapi")).text()
    assert "CartSnitch &lt;events&gt;" in text
    assert "A price &lt;b&gt;observation&lt;/b&gt; of <code>regular_price</code>." in text
    assert '<code>cartsnitch.prices</code></h3><p></p><ul><li><a href="#schema-PriceUpdated">' in text
    assert "<td><code>product_id</code></td><td>string (uuid)</td><td>required</td>" in text
    assert "<td><code>sale_price</code></td><td>number or null</td><td></td>" in text


def test_what_publishers_may_send_is_on_the_page() -> None:
    """Of the real contracts: either name of a field, and what is still taken of older versions."""
    nobody: Any = None  # nothing is read, so nothing is fed
    text = page(document(Consumer("redis://127.0.0.1:1/0", nobody).broker, "1.2.3"))

    assert "<td><code>store_slug</code></td><td>string or null</td><td></td><td>Or <code>store_id</code>.</td>" in text
    assert "Version 1, which sends no <code>id</code>: one event is one alert." in text
    assert "name_words" not in text


def test_an_empty_document_is_a_page_too() -> None:
    """Every part of it is optional."""
    nothing: dict[str, Any] = {}
    assert "<h2>Streams</h2>" in page(nothing)


async def test_without_a_document_there_is_no_page(closed: Client) -> None:
    """An application that was given none does not pretend."""
    assert [(await closed.get(path)).status for path in ("/asyncapi", "/asyncapi.json")] == [404, 404]
