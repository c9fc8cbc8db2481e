"""The table of docs/variables.md, the README's, .env.example, docker-compose.yml and gunicorn.conf.py say the same."""

from __future__ import annotations

import re
import subprocess
import sys

import gunicorn.config
import pytest
import yaml

from gunicorn_slots.limits import KEPT_SECONDS, Limits, variable
from tests.bed import ROOT
from tests.conftest import Conf

README = (ROOT / "README.md").read_text()
PAGE = (ROOT / "docs" / "variables.md").read_text()
# Without what depends on another variable, and without the file that is read where none is named.
COMPOSE = re.sub(
    r"(?m)^ *#.*|\$\{APP_DIR:\+[^}]*\}|(?<=:-)\.env\.example", "", (ROOT / "docker-compose.yml").read_text()
)
SERVICES = yaml.safe_load(COMPOSE)["services"]
EXAMPLE_TEXT = (ROOT / ".env.example").read_text()
EXAMPLE = dict(re.findall(r"^# ([A-Z][A-Z0-9_]+)=(.*)$", EXAMPLE_TEXT, re.MULTILINE))
ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]+)` \| ([^|]*?) *\|", re.MULTILINE)
TABLE = dict(ROW.findall(PAGE))
# Not in the table one by one, but as LOCUST_<OPTION>.
COMMON = {"LOCUST_LOCUSTFILE", "LOCUST_HOST", "LOCUST_USERS", "LOCUST_SPAWN_RATE", "LOCUST_RUN_TIME"} | {
    "LOCUST_RESET_STATS",
    "LOCUST_WEB_PORT",
    "LOCUST_PAUSE",
    "LOCUST_RPS",
    "LOCUST_MAX_USERS",
    "LOCUST_RPS_RAMP",
    "LOCUST_RPS_SEED",
    "LOCUST_ANALYSIS_JSON",
    "LOCUST_CHECK_RPS",
    "LOCUST_CHECK_FAIL_RATIO",
    "LOCUST_CHECK_AVG_RESPONSE_TIME",
    "LOCUST_CHECK_PERCENTILE",
    "LOCUST_CHECK_AGAINST",
    "LOCUST_CHECK_TOLERANCE",
    "LOCUST_REPORTS",
    "LOCUST_PATHS",
}
# What the table puts into words, on a B1 with the sample app.
IN_WORDS = {
    "GUNICORN_WORKERS": ("2 × vCPU + 1", "3"),
    "PYTHON_GUNICORN_CUSTOM_WORKER_NUM": ("2 × vCPU + 1", "3"),
    "GUNICORN_WORKER_CONNECTIONS": ("as many as threads", "6"),
    "GUNICORN_WSGI_APP": ("looked for", "app:app"),
}


def compose_defaults() -> dict[str, str]:
    """Every variable that the compose file reads, and its default there; "" where it has a name alone."""
    entries = [entry for service in SERVICES.values() for entry in service.get("environment", [])]
    alone = dict.fromkeys((entry for entry in entries if "=" not in entry), "")
    return alone | dict(re.findall(r"\$\{([A-Z][A-Z0-9_]+):-([^}]*)\}", COMPOSE))


def without_default() -> set[str]:
    """The names in .env.example whose comment ends in "For example:"."""
    comment = ""
    found = set()
    for line in EXAMPLE_TEXT.splitlines():
        if not re.match("# [A-Z][A-Z0-9_]+=", line):
            comment = line
        elif comment.endswith("For example:"):
            found.add(line[2:].partition("=")[0])
    return found


def test_compose_and_example_name_the_same_variables() -> None:
    assert set(compose_defaults()) == set(EXAMPLE)


def test_a_copied_example_changes_nothing() -> None:
    assert [line for line in EXAMPLE_TEXT.splitlines() if line and not line.startswith("#")] == []


def test_the_examples_defaults_are_those_in_force() -> None:
    """So a line without its # changes nothing either, but where it says that it is an example."""
    defaults = compose_defaults()
    examples = without_default()
    # A folder that is named, this one too, is that of an app of one's own.
    assert [name for name in examples - {"APP_DIR"} if defaults[name] or TABLE.get(name)] == []
    for name in set(EXAMPLE) - examples:
        words, value = IN_WORDS.get(name, (None, None))
        assert EXAMPLE[name] == (value or defaults[name] or TABLE[name]), name
        assert words is None or words == TABLE[name]
    assert "" not in EXAMPLE.values()


def test_the_table_has_every_variable() -> None:
    in_detail = {name for name in EXAMPLE if not name.startswith("LOCUST_")} | COMMON
    assert set(TABLE) - {"PORT", "FORWARDED_ALLOW_IPS", "SLOT_ANY_GUNICORN"} == in_detail


def test_the_readme_has_those_that_one_needs() -> None:
    needed = dict(ROW.findall(README))
    assert needed.items() <= TABLE.items()
    assert len(needed) == 8


def test_the_tables_defaults_are_those_in_force(conf: Conf) -> None:
    defaults = compose_defaults()
    settings = gunicorn.config.make_settings()
    module = conf()
    for name, text in TABLE.items():
        if defaults.get(name):
            assert text == defaults[name], name
        elif name.removeprefix("GUNICORN_").lower() in settings and re.fullmatch(r"\d+|info|false", text):
            setting = name.removeprefix("GUNICORN_").lower()
            if setting == "keepalive":  # SlotWorker's own
                assert text == str(KEPT_SECONDS)
                continue
            assert text == str(vars(module).get(setting, settings[setting].get())).lower(), name


def test_the_limits_of_a_slot() -> None:
    """They are gunicorn_slots' own, so no setting of gunicorn has their defaults."""
    limits = {variable(field): str(seconds) for field, seconds in Limits()._asdict().items()}
    assert {name: TABLE[name] for name in limits} == limits
    assert {name: value for name, value in EXAMPLE.items() if name.startswith("SLOT_")} == limits
    assert all(name in str(sys.modules[Limits.__module__].__doc__) for name in limits)


def test_every_gunicorn_variable_is_a_setting() -> None:
    settings = set(gunicorn.config.make_settings()) | {"cmd_args"}
    for name in EXAMPLE:
        if name.startswith("GUNICORN_"):
            assert name.removeprefix("GUNICORN_").lower() in settings


@pytest.mark.process
def test_compose_passes_on_everything_that_locust_reads() -> None:
    # In a process of its own: importing Locust patches threads and sockets of the one that does.
    code = "import explain, explain_think, pages; from locust.argument_parser import get_parser; "
    code += "print(*{a.env_var for a in get_parser()._actions if getattr(a, 'env_var', None)})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "locustfiles", capture_output=True, text=True, check=True
    )
    known = set(done.stdout.split()) - {"APP_MEMORY"}
    known -= {"LOCUST_WEB_AUTH", "LOCUST_LEGACY_UI"}  # Locust itself refuses these two
    assert {name for name in EXAMPLE if name.startswith("LOCUST_")} == known


# What the other lines of docker-compose.yml count on.
FIXED = {"PORT=8000", "SLOT_START_NOTE=/var/tmp/start-note", "APP_VARIABLES_IN=app.env"}


def test_what_is_fixed() -> None:
    """Both that start the app say where its variables go."""
    assert set(SERVICES["app"]["environment"]) >= FIXED
    assert "APP_VARIABLES_IN=app.env" in SERVICES["sweep"]["environment"]


def test_every_entry_is_a_name_or_has_a_default() -> None:
    for service in SERVICES.values():
        for entry in service.get("environment", []):
            name = entry.partition("=")[0]
            assert re.fullmatch(
                rf"[A-Z_]+|[A-Z_]+=[-./\w]+|[A-Z_]+=\$\{{[A-Z_]+-\}}|{name}=\$\{{{name}:-[^}}]+\}}", entry
            ), entry


# --- empty values -------------------------------------------------------------------------------------
# tests/containers/test_variables.py looks at which of them arrive.

ALONE = {name for name, default in compose_defaults().items() if not default}
OF_THE_APP = sorted(ALONE & set(SERVICES["app"]["environment"]))


# Prints the names whose empty value changes Locust's options.
EMPTY = """
import os, sys
import explain, explain_think, pages
from locust.argument_parser import get_parser

def parsed():
    return {name: value or None for name, value in vars(get_parser().parse_args([])).items()}

unset = parsed()
for name in sys.argv[1:]:
    os.environ[name] = ""
    if parsed() != unset:
        print(name)
    del os.environ[name]
"""


@pytest.mark.parametrize(
    ("name", "value"), [*((name, "") for name in OF_THE_APP), ("WEB_CONCURRENCY", "0"), ("WEB_CONCURRENCY", "01")]
)
def test_an_empty_one_is_none_to_gunicorn(conf: Conf, name: str, value: str) -> None:
    def settings(environ: dict[str, str]) -> dict[str, object]:
        module = vars(conf(environ))
        return {name: module.get(name) for name in gunicorn.config.make_settings() if not callable(module.get(name))}

    assert settings({name: value}) == settings({})


@pytest.mark.process
def test_an_empty_one_is_none_to_locust() -> None:
    names = sorted(ALONE & set(SERVICES["locust"]["environment"]))
    done = subprocess.run(
        [sys.executable, "-c", EMPTY, *names], cwd=ROOT / "locustfiles", capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("", "")
