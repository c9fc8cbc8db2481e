"""Projects of all kinds as APP_DIR, unchanged: `python -m bench.projects [NAME ...]`.

Each folder of tests/projects is built, served and load-tested with Compose, and what came of it is written into the
table of docs/own-app.md: how many requests were answered, or the line that a person gets, and what follows from it.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import bench
from bench.report import fill, machine, save, table, today
from tests.bed import ROOT
from tests.bed.compose import Stack, clone
from tests.bed.docker import docker
from tests.bed.waiting import wait_for_200

PAGE = bench.DOCS / "own-app.md"
FIGURES = bench.FIGURES / "projects.json"
MARK = "make projects"
FOLDER = ROOT / "tests" / "projects"
USERS, PAUSE, SECONDS = 8, "0.2", 5
TRIES = 3  # until anything is answered in that time, where other work keeps the machine busy
LINE = re.compile(
    r"gunicorn\.conf\.py: .*|gunicorn_slots: the app does not start: .*|ERROR: .*|PYTHON_IMAGE: .*|.*Error: .*"
)


@dataclass(frozen=True)
class Project:
    """A kind of project.

    Attributes:
        text: what it is, in words.
        environ: what a person has to say of it.
        after: what follows from the line that comes without.
        lock: makes the lock file, which would name a package index if it were in the repository.
        database: whether it needs the database of docs/own-app.md.
    """

    text: str
    environ: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    lock: tuple[str, ...] = ()
    database: bool = False


BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
DEBIAN = {"BUILD_PACKAGES": "gcc libpq-dev", "RUN_PACKAGES": "libpq5"}
PROJECTS = {
    "factory": Project("`app/` with `create_app`, `app` in `wsgi.py`"),
    "tutorial": Project(
        "a factory in a package, instance folder with SQLite, as Flask's tutorial",
        after={"GUNICORN_WSGI_APP": "journal:create_app()"},
    ),
    "postgres": Project("`psycopg2`, built, with PostgreSQL beside it", DEBIAN, database=True),
    "requirements-folder": Project("`-r requirements/prod.txt`, `app` in `run.py`"),
    "src-layout": Project("`-e .` in `requirements.txt`, `src/`"),
    "uv": Project("`pyproject.toml` with `uv.lock`, `app` in `server.py`", lock=("uv", "lock")),
    "poetry": Project("`pyproject.toml` with `poetry.lock`, a `make_app`"),
    "pyproject-alone": Project("`pyproject.toml` alone, a package `app/`, a log file beside it"),
    "django": Project("Django's tutorial: `mysite/wsgi.py`, SQLite beside it"),
    "dash": Project("Dash: `app` and `server`"),
    "beanstalk": Project("Elastic Beanstalk's `application`", after={"GUNICORN_WSGI_APP": "application:application"}),
    "old-pins": Project("pins of 2021: Flask 1.1, gunicorn 20.1"),
    "old-pins-3.11": Project("the same, with a Python that they know", {"PYTHON_IMAGE": "python:3.11-slim-bookworm"}),
}


@dataclass(frozen=True)
class Row:
    """What came of a project.

    Attributes:
        project: its name.
        given: the variables that were set besides APP_DIR.
        build_s: how long `build` took, with nothing of it there before but what pip has kept.
        line: what a person gets to read; "" if it is served.
        answered, failed: how many requests for its first page.
    """

    project: str
    given: dict[str, str]
    build_s: float
    line: str = ""
    answered: int = 0
    failed: int = 0


def tried(stack: Stack, name: str, folder: Path, override: Path | None, given: dict[str, str]) -> Row:
    """Build, serve and load-test a folder."""
    environ = {"APP_DIR": str(folder), "GENERATOR_CPUSET": "1", "LOCUST_PAUSE": PAUSE, **given}
    begin = time.monotonic()
    built = stack.compose("build", "app", environ=environ, override=override, check=False, timeout=900)
    seconds = time.monotonic() - begin
    if built.returncode:
        return Row(name, given, seconds, line_of(built.stdout + built.stderr))
    up = ["up", "--detach", "--force-recreate", "app"]
    started = stack.compose(*up, environ=environ, override=override, check=False)
    try:
        wait_for_200(stack.app_url, 60)
    except TimeoutError:
        return Row(name, given, seconds, line_of(stack.log("app") + started.stderr))
    return loaded(stack, environ, override, Row(name, given, seconds))


def loaded(stack: Stack, environ: dict[str, str], override: Path | None, row: Row) -> Row:
    """Put the app under load, and return what came of it."""
    options = ["--headless", "-u", str(USERS), "-t", f"{SECONDS}s", "--only-summary"]
    for _ in range(TRIES):
        done = stack.locust(*options, environ=environ, override=override, check=False)
        said = done.stdout + done.stderr
        found = re.search(r"^\s*Aggregated\s+(\d+)\s+(\d+)\(", said, re.MULTILINE)
        if not found or "Verdict: " not in said:
            return replace(row, line=line_of(said))
        row = replace(row, answered=int(found[1]), failed=int(found[2]))
        if row.answered:
            break
    return row


def line_of(text: str) -> str:
    """Return the first line that says what is wrong, as a person sees it."""
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)
    found = LINE.search(plain)
    return found[0].strip() if found else plain.strip().splitlines()[-1]


def digest(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def locked(command: Sequence[str], folder: Path) -> None:
    """Lock a project's requirements, by the tool in a container of the image that it is built on."""
    tool = f"python -m venv /tool && /tool/bin/pip install --quiet {command[0]}"
    certificates = f"export SSL_CERT_FILE={BUNDLE} REQUESTS_CA_BUNDLE={BUNDLE}"
    script = f"{tool} && cd /project && {certificates} && /tool/bin/{' '.join(command)}"
    docker("run", "--rm", "--volume", f"{folder}:/project", "python:3.13-slim-trixie", "sh", "-c", script, timeout=300)


def measure(names: Sequence[str]) -> Iterator[list[Row]]:
    """Try the projects, and yield the rows of each.

    Raises:
        RuntimeError: a folder was changed.
    """
    with tempfile.TemporaryDirectory() as base:
        stack = Stack("slots-projects", clone(Path(base)))
        database = re.search(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
        assert database
        override = Path(base) / "docker-compose.override.yml"
        override.write_text(database[1])
        for name in names:
            project, folder = PROJECTS[name], Path(base) / "projects" / name
            shutil.copytree(FOLDER / folder_of(name), folder)
            if project.lock:
                locked(project.lock, folder)
            rows, before = [], digest(folder)
            for given in [project.environ, project.after] if project.after else [project.environ]:
                print(f"{name} {given}", file=sys.stderr)
                rows.append(tried(stack, name, folder, override if project.database else None, given))
                print(rows[-1], file=sys.stderr)
            if digest(folder) != before:
                raise RuntimeError(f"{folder} was changed")
            stack.compose("down", "--timeout", "2", "--volumes", "--remove-orphans")
            yield rows
        stack.down()


def render(rows: Sequence[Row], line: str) -> str:
    """Return the table, and below it when and where it was measured."""
    head = ["project", "given besides `APP_DIR`", "answered", "what a person gets to read"]
    found = [
        [
            PROJECTS[row.project].text + f" ([{row.project}](../tests/projects/{folder_of(row.project)}))",
            " ".join(
                f"`{name}={value!r}`" if " " in value or "(" in value else f"`{name}={value}`"
                for name, value in row.given.items()
            ),
            "" if row.line else f"{row.answered - row.failed} of {row.answered}",
            f"`{row.line}`" if row.line else "",
        ]
        for row in rows
    ]
    return f"{table(head, found)}\n{line}\n"


def folder_of(name: str) -> str:
    """Return a project's folder: two kinds of trying may have one."""
    return re.sub(r"-[\d.]+$", "", name)


def write(rows: Sequence[Row]) -> None:
    """Keep the rows, next to those of projects that were not tried this time, and fill the page."""
    before = [Row(**row) for row in json.loads(FIGURES.read_text())["rows"]] if FIGURES.exists() else []
    kept = [row for row in before if row.project not in {row.project for row in rows}]
    merged = sorted([*kept, *rows], key=lambda row: list(PROJECTS).index(row.project))
    load = f"{USERS} users for {SECONDS} s, who wait {PAUSE} s between two requests"
    line = f"{today()}, {load}; {machine()}"
    figures = {"measured": line, "rows": [asdict(row) for row in merged]}
    save(FIGURES, figures)
    fill(PAGE, MARK, render(merged, line))


def main(argv: Sequence[str]) -> int:
    """Try the projects that are named, or all, and write what comes of each at once."""
    for rows in measure(argv or list(PROJECTS)):
        write(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
