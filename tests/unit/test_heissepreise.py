import gzip
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from readmodel.events.cloudevent import CloudEvent
from readmodel.events.ids import stable_id
from readmodel.importers.csv_files import BadRow, UnknownHeader, UnreadableFile
from readmodel.importers.heissepreise import Source, load_matches, prepare, product_key, store_key
from readmodel.importers.heissepreise_files import STORES, count_rows

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
HEADER = "store,product_id,name,unit,quantity,category,date,price"
ROWS = (
    "billa,00-1,Milch,ml,1000,,2023-05-01,1.09",
    "billa,00-1,Milch,ml,1000,,2023-06-01,1.19",
    'dm,4012345678901,"Seife, mild",,,,2023-05-25,0.95',
    "dmDe,4012345678901,Seife,g,125,B0,2023-05-30,0.85",
    "spar,777,SPAR Milch,ml,950,30,2022-02-01,1.29",
)


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return Source(
        prices=write(tmp_path / "prices.csv", HEADER, *ROWS),
        matches=write(tmp_path / "matches.csv", "list,billa_id,billa_name,spar_id", "budget,00-1,Milch,777"),
        categories=write(tmp_path / "categories.csv", "code,group,category", "30,Milch & Käse,Milch"),
    )


def of_type(events: list[CloudEvent], type_: str) -> list[CloudEvent]:
    return [event for event in events if event.type == f"cartsnitch.{type_}"]


def imported(source: Source, type_: str) -> list[dict[str, Any]]:
    return [event.data for event in of_type([*prepare(source).events()], type_)]


def test_every_shop_is_announced_first(source: Source) -> None:
    """The twelve shops come before everything else, each with an id made of its slug."""
    stores = [event.data for event in prepare(source).events()][:12]
    assert stores == [{"id": str(store_key(slug)), "name": name, "slug": slug} for slug, name in STORES.items()]


def test_matched_articles_are_one_product(source: Source) -> None:
    """A matched pair and an EAN in two shops are one product each; the first shop with a value decides."""
    matches = load_matches(source.matches)
    assert imported(source, "products.normalized") == [
        {
            "normalized_product_id": str(product_key("billa", "00-1", matches)),
            "canonical_name": "Milch",
            "category": "Milch",
            "size": "1000",
            "size_unit": "ml",
            "upc_variants": [],
        },
        {
            "normalized_product_id": str(product_key("dm", "4012345678901", matches)),
            "canonical_name": "Seife, mild",
            "category": "B0",
            "size": "125",
            "size_unit": "g",
            "upc_variants": ["4012345678901"],
        },
    ]
    assert product_key("billa", "00-1", matches) == product_key("spar", "777", matches)
    assert product_key("dm", "4012345678901", matches) == product_key("dmDe", "4012345678901", matches)


def test_nothing_else_is_matched(source: Source) -> None:
    """The same id in both Müller shops, or a pair without its matches file, stays two products."""
    nothing = load_matches(None)
    assert product_key("mueller", "1", nothing) != product_key("muellerDe", "1", nothing)
    assert product_key("billa", "00-1", nothing) != product_key("spar", "777", nothing)
    assert len(imported(Source(source.prices), "products.normalized")) == 3


def test_a_product_has_one_article_per_shop(tmp_path: Path) -> None:
    """A pair that would give a product a second article of a shop is left out; the first pair holds."""
    matches = load_matches(write(tmp_path / "matches.csv", "billa_id,spar_id", "b1,s1", "b2,s1", "b2,s2"))
    assert product_key("billa", "b1", matches) == product_key("spar", "s1", matches)
    assert product_key("billa", "b2", matches) == product_key("spar", "s2", matches)
    assert product_key("billa", "b1", matches) != product_key("billa", "b2", matches)


def test_every_row_is_one_price(source: Source) -> None:
    """A row becomes an observation with the price as the file writes it, at midnight UTC of its day."""
    prices = of_type([*prepare(source).events()], "prices.updated")
    matches = load_matches(source.matches)
    milk = {"normalized_product_id": str(product_key("billa", "00-1", matches)), "source": "catalog"}
    soap = {"normalized_product_id": str(product_key("dm", "4012345678901", matches)), "source": "catalog"}
    expected = [
        (milk, "billa", "2023-05-01", "1.09"),
        (milk, "billa", "2023-06-01", "1.19"),
        (soap, "dm", "2023-05-25", "0.95"),
        (soap, "dmDe", "2023-05-30", "0.85"),
        (milk, "spar", "2022-02-01", "1.29"),
    ]
    assert [(event.time.isoformat(), event.data) for event in prices] == [
        (
            f"{day}T00:00:00+00:00",
            product
            | {
                "store_id": str(store_key(store)),
                "store_slug": store,
                "observed_date": day,
                "regular_price": price,
            },
        )
        for product, store, day, price in expected
    ]


def test_a_repeated_import_is_the_same(source: Source) -> None:
    """Importing again gives the same bytes, and no two events of an import share an id."""
    first, second = ([event.to_json() for event in prepare(source).events()] for _ in range(2))
    assert first == second
    assert len({event.id for event in prepare(source).events()}) == len(first)


def test_a_corrected_price_is_a_new_event(source: Source) -> None:
    """A row whose price was corrected is not taken for the one imported before."""
    before = {event.id for event in prepare(source).events()}
    write(source.prices, HEADER, *ROWS[:1], ROWS[1].replace("1.19", "1.21"), *ROWS[2:])
    new = [event for event in prepare(source).events() if event.id not in before]
    assert [event.data["regular_price"] for event in new] == ["1.21"]


def test_totals_are_known_beforehand(source: Source) -> None:
    """A progress bar learns how many rows and events there will be."""
    ready = prepare(source)
    assert (count_rows(source.prices), ready.rows, ready.total) == (5, 5, len([*ready.events()]))


def test_gzip_is_read_as_it_is(source: Source, tmp_path: Path) -> None:
    """A gzipped file gives the same events as the plain one."""
    packed = tmp_path / "prices.csv.gz"
    packed.write_bytes(gzip.compress(source.prices.read_bytes()))
    zipped = Source(packed, source.matches, source.categories)
    assert [*prepare(zipped).events()] == [*prepare(source).events()]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (
            "billa,00-1,Milch,ml,1000,,2023-05-01",
            "7 columns instead of 8; quote a text that has a comma in it: 'billa,00-1,Milch,ml,1000,,2023-05-01'",
        ),
        ("billa,00-1,Milch,ml,1000,,2023-02-30,1.09", "not a date (YYYY-MM-DD, 1970 to 2100): '2023-02-30'"),
        ("billa,00-1,Milch,ml,1000,,20230501,1.09", "not a date (YYYY-MM-DD, 1970 to 2100): '20230501'"),
        ("billa,00-1,Milch,ml,1000,,1969-12-31,1.09", "not a date (YYYY-MM-DD, 1970 to 2100): '1969-12-31'"),
        ("billa,00-1,Milch,ml,1000,,2023-05-01,0.00", "not a price above zero: '0.00'"),
        ("billa,00-1,Milch,ml,1000,,2023-05-01,-1", "not a price above zero: '-1'"),
        ("billa,00-1,Milch,ml,1000,,2023-05-01,NaN", "not a price above zero: 'NaN'"),
        ('billa,00-1,Milch,ml,1000,,2023-05-01,"1,09"', "not a price above zero: '1,09'"),
        ("tante,00-1,Milch,ml,1000,,2023-05-01,1.09", "unknown store: 'tante'"),
        (
            "billa,,Milch,ml,1000,,2023-05-01,1.09",
            "the product id is missing: 'billa,,Milch,ml,1000,,2023-05-01,1.09'",
        ),
    ],
)
def test_a_bad_row_stops_the_import(tmp_path: Path, row: str, problem: str) -> None:
    """The error names file, line and value, and comes before any event."""
    path = write(tmp_path / "prices.csv", HEADER, ROWS[0], row, ROWS[1])
    with pytest.raises(BadRow) as caught:
        prepare(Source(path))
    assert str(caught.value) == f"{path}, line 3: {problem}"


def test_a_row_that_turned_bad_is_not_yielded(tmp_path: Path) -> None:
    """A file that changes between the check and the reading still yields nothing of a bad row."""
    path = write(tmp_path / "prices.csv", HEADER, ROWS[0], ROWS[1])
    ready = prepare(Source(path))
    write(path, HEADER, ROWS[0], ROWS[1].replace("1.19", "?"))
    yielded: list[CloudEvent] = []
    with pytest.raises(BadRow):
        yielded.extend(ready.events())
    assert [event.data["regular_price"] for event in of_type(yielded, "prices.updated")] == ["1.09"]


def test_an_unknown_header_is_refused(tmp_path: Path) -> None:
    """Columns in another order or of another name are refused with both headers in the error."""
    path = write(tmp_path / "prices.csv", "shop,id,price", "billa,1,1.09")
    with pytest.raises(UnknownHeader) as caught:
        prepare(Source(path))
    assert str(caught.value) == f"{path}: the header is shop,id,price, expected {HEADER}"


def test_matches_of_unknown_shops_are_refused(tmp_path: Path, source: Source) -> None:
    """A matches file must name two known shops in its columns."""
    path = write(tmp_path / "pairs.csv", "billa_id,tante_id", "1,2")
    with pytest.raises(UnknownHeader) as caught:
        prepare(Source(source.prices, matches=path))
    assert str(caught.value) == (
        f"{path}: the header is billa_id,tante_id, expected two or more columns <store>_id of known stores"
    )


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    """A file that is absent, cut off or not UTF-8 is named together with the reason."""
    absent, broken, latin = tmp_path / "absent.csv", tmp_path / "broken.csv.gz", tmp_path / "latin.csv"
    broken.write_bytes(gzip.compress(HEADER.encode())[:-9])
    latin.write_bytes(f"{HEADER}\nbilla,1,K\xe4se".encode("latin-1"))
    for path in (absent, broken, latin):
        with pytest.raises(UnreadableFile, match=f"{path.name} cannot be read: "):
            prepare(Source(path))


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data folder is absent")
def test_the_real_history() -> None:
    """All 351,150 rows become prices of 163,905 products in 12 shops, every event with an id of its own."""
    prices = SHARED / "heissepreise_prices.csv.gz"
    source = Source(prices, SHARED / "heissepreise_matches_billa_spar.csv", SHARED / "heissepreise_categories.csv")
    ready, ids = prepare(source), set[str]()
    counts = Counter[str]()
    for event in ready.events():
        counts[event.type] += 1
        ids.add(event.id)
    assert counts == {
        "cartsnitch.stores.updated": 12,
        # 176,316 articles; 12,065 EANs in two shops; 346 pairs, one article per shop.
        "cartsnitch.products.normalized": 163_905,
        "cartsnitch.prices.updated": 351_150,
    }
    assert (len(ids), ready.total, count_rows(prices)) == (515_067, 515_067, 351_150)


def test_ids_do_not_depend_on_how_parts_are_cut() -> None:
    """Two lists of parts that read the same when joined have different ids."""
    assert stable_id("a", "bc") != stable_id("ab", "c")
