import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import redis as redis_client

from readmodel.engine.folding.batch import batch_of
from readmodel.events.envelope import Entry
from readmodel.importers.cpi import Published, events_of, read_cpi
from readmodel.importers.csv_files import BadRow, UnknownHeader, UnreadableFile
from tests.service import ServiceProcess

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
REMOVE = "remove the row if none was published"
HEADER = "period,index,series,source"
ROWS = (
    '2023-11,305.123,CUUR0000SAF11,"somewhere, once"',
    "2023-12,305.5,CUUR0000SAF11,elsewhere",
    "2023-12,306.746,CUUR0000SA0,elsewhere",
)


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "cpi.csv", HEADER, *ROWS)


@pytest.fixture
def service(redis_db: str, database_url: str, tmp_path: Path) -> ServiceProcess:
    """A service that has not been started: an import needs only its Redis."""
    return ServiceProcess(redis_db, database_url, tmp_path)


def test_every_row_is_one_publication(file: Path) -> None:
    """The value as the file writes it, published on the first of the next month."""
    published = [(event.type, event.source, event.time.isoformat(), event.data) for event in events_of(read_cpi(file))]

    kind = ("cartsnitch.indices.published", "stickershock")
    assert published == [
        (*kind, f"{time}T00:00:00+00:00", {"series": series, "period": period, "value": value})
        for time, series, period, value in (
            ("2023-12-01", "CUUR0000SAF11", "2023-11", "305.123"),
            ("2024-01-01", "CUUR0000SAF11", "2023-12", "305.5"),
            ("2024-01-01", "CUUR0000SA0", "2023-12", "306.746"),
        )
    ]


def test_a_repeated_import_is_the_same(file: Path) -> None:
    """The same bytes, each event with an id of its own; a revised value is a new event."""
    first, again = [[event.to_json() for event in events_of(read_cpi(file))] for _ in range(2)]
    before = {event.id for event in events_of(read_cpi(file))}
    write(file, HEADER, ROWS[0], ROWS[1].replace("305.5", "305.6"), ROWS[2])
    new = [event.data["value"] for event in events_of(read_cpi(file)) if event.id not in before]

    assert first == again
    assert (len(before), new) == (3, ["305.6"])


def test_only_three_columns_matter(tmp_path: Path) -> None:
    """In any order, with others or none beside them, with a mark in front and with empty lines, gzipped or not."""
    path = tmp_path / "cpi.csv.gz"
    path.write_bytes(gzip.compress("\ufeffseries,title,index,period\r\nS,Food,1.5,2020-01\r\n\r\n".encode()))

    assert read_cpi(path) == [Published("S", "2020-01", "1.5")]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("2023-13,305.5,S,x", "line 3: not a month; write it as YYYY-MM, 1970 to 2099: '2023-13'"),
        ("2023-12-01,305.5,S,x", "line 3: not a month; write it as YYYY-MM, 1970 to 2099: '2023-12-01'"),
        ("1969-12,305.5,S,x", "line 3: not a month; write it as YYYY-MM, 1970 to 2099: '1969-12'"),
        *(
            (
                f"2023-12,{value},S,x",
                f"line 3: not an index above zero with at most 4 decimals; {REMOVE}: '{value}'",
            )
            for value in ("-", "", "0", "0.0000", "-1", "NaN", "1e2", "1.00001", "1000000000", "٣")
        ),
        ("2023-12,305.5,,x", "line 3: not the name of a series; write 1 to 64 characters: ''"),
        (
            "2023-11,305.5,CUUR0000SAF11,x",
            "line 3: line 2 has this month of CUUR0000SAF11 already; keep one of them: '2023-11'",
        ),
        (
            "2023-12,305,5,S,x",
            "line 3: 5 columns instead of 4; quote a text that has a comma in it: '2023-12,305,5,S,x'",
        ),
    ],
)
def test_a_bad_row_stops_the_import(tmp_path: Path, row: str, complaint: str) -> None:
    """The error names file, line and value, and says what to do."""
    path = write(tmp_path / "cpi.csv", HEADER, ROWS[0], row, ROWS[2])
    with pytest.raises(BadRow) as caught:
        read_cpi(path)
    assert str(caught.value) == f"{path}, {complaint}"


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    """Also one that is empty."""
    for header in ("period,price_usd,series", ""):
        path = write(tmp_path / "prices.csv", header)
        with pytest.raises(UnknownHeader) as caught:
            read_cpi(path)
        assert str(caught.value) == f"{path}: the header is {header}, expected the columns period,index,series"


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    """A file that is absent, cut off, not UTF-8 or no CSV is named together with the reason."""
    absent, broken, latin, odd = (tmp_path / name for name in ("absent.csv", "broken.csv.gz", "latin.csv", "odd.csv"))
    broken.write_bytes(gzip.compress(HEADER.encode())[:-9])
    latin.write_bytes(f"{HEADER}\n2023-12,1,S,K\xe4se".encode("latin-1"))
    odd.write_text(f'{HEADER}\n2023-12,1,S,"x')
    for path in (absent, broken, latin, odd):
        with pytest.raises(UnreadableFile, match=f"{path.name} cannot be read: "):
            read_cpi(path)


def test_the_command_publishes_a_file(service: ServiceProcess, redis_db: str, file: Path) -> None:
    """Every row lands in its stream, in the file's order; importing the file again makes the same events."""
    assert service.run("import", "cpi", str(file)) == "published 3 events: 2 series\n"
    service.run("import", "cpi", str(file))

    with redis_client.Redis.from_url(redis_db) as client:
        entries: Any = client.xrange("cartsnitch.indices")
    documents = [json.loads(fields[b"data"]) for _, fields in entries]
    assert documents[:3] == documents[3:]
    assert [document["data"]["value"] for document in documents[:3]] == ["305.123", "305.5", "306.746"]


def test_the_command_publishes_nothing_of_a_bad_file(service: ServiceProcess, redis_db: str, file: Path) -> None:
    """Not even the rows before the bad one; the line is named, and the exit code is 1."""
    write(file, HEADER, *ROWS, "2025-10,-,CUUR0000SAF11,none")
    done = service.tried("import", "cpi", str(file))

    assert (done.returncode, "line 5: not an index above zero" in done.stderr) == (1, True), done.stderr
    with redis_client.Redis.from_url(redis_db) as client:
        assert client.keys("*") == []


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data folder is absent")
@pytest.mark.parametrize(
    ("name", "rows", "series"),
    [("cpi_food_at_home.csv", 241, 2), ("cpi_all_items.csv", 245, 2), ("cpi_food_categories.csv", 749, 7)],
)
def test_the_real_files(name: str, rows: int, series: int) -> None:
    """Every row of the published figures is an event that the contract takes."""
    events = [*events_of(read_cpi(SHARED / name))]
    batch = batch_of("cartsnitch.indices", [Entry(nth, event.to_json()) for nth, event in enumerate(events, 1)])

    assert (len(events), len({event.data["series"] for event in events})) == (rows, series)
    assert (list(batch.rejected), batch.relations["indices_published"].num_rows) == ([], rows)
