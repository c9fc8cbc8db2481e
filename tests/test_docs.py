"""The README's table, .env.example, docker-compose.yml and gunicorn.conf.py say the same; links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys

import gunicorn.config
import pytest
import yaml

from tests.bed import ROOT
from tests.conftest import Conf

README = (ROOT / "README.md").read_text()
COMPOSE = re.sub(r"(?m)^ *#.*", "", (ROOT / "docker-compose.yml").read_text())
EXAMPLE = dict(re.findall(r"^([A-Z][A-Z0-9_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
TABLE = dict(re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \| ([^|]*?) *\|", README, re.MULTILINE))
# Not in the table one by one, but as LOCUST_<OPTION>.
COMMON = {"LOCUST_LOCUSTFILE", "LOCUST_HOST", "LOCUST_USERS", "LOCUST_SPAWN_RATE", "LOCUST_RUN_TIME"} | {
    "LOCUST_RESET_STATS",
    "LOCUST_WEB_PORT",
    "LOCUST_ANALYSIS_JSON",
    "LOCUST_CHECK_RPS",
    "LOCUST_CHECK_FAIL_RATIO",
    "LOCUST_CHECK_AVG_RESPONSE_TIME",
    "LOCUST_CHECK_PERCENTILE",
}


def compose_defaults() -> dict[str, str]:
    """Every variable that the compose file reads, and its default there; "" where it is passed on only with a value."""
    found = dict(re.findall(r"\$\{([A-Z][A-Z0-9_]+):-([^}]*)\}", COMPOSE))
    return {name: "" if default == "_" else default for name, default in found.items()}


def test_compose_and_example_name_the_same_variables() -> None:
    assert set(compose_defaults()) == set(EXAMPLE)


def test_the_example_changes_nothing() -> None:
    """Every default in it is the one that holds without it."""
    defaults = compose_defaults()
    differing = {name: (EXAMPLE[name], defaults[name]) for name in EXAMPLE if EXAMPLE[name] != defaults[name]}
    assert differing == {"STARTUP_COMMAND": ("", "gunicorn")}


def test_the_table_has_every_variable() -> None:
    in_detail = {name for name in EXAMPLE if not name.startswith("LOCUST_")} | COMMON
    assert set(TABLE) - {"PORT", "FORWARDED_ALLOW_IPS"} == in_detail


def test_the_tables_defaults_are_those_in_force(conf: Conf) -> None:
    defaults = compose_defaults()
    settings = gunicorn.config.make_settings()
    module = conf()
    for name, text in TABLE.items():
        if defaults.get(name):
            assert text == defaults[name], name
        elif name.removeprefix("GUNICORN_").lower() in settings and re.fullmatch(r"\d+|info|false", text):
            setting = name.removeprefix("GUNICORN_").lower()
            if setting == "keepalive":  # set when the arbiter starts; tests/test_gunicorn_process.py looks at it
                continue
            assert text == str(vars(module).get(setting, settings[setting].get())).lower(), name


def test_the_limits_of_a_slot(conf: Conf) -> None:
    """They are gunicorn.conf.py's own, so no setting of gunicorn has their defaults."""
    limits: dict[str, int] = conf().LIMITS
    assert {name: TABLE[name] for name in limits} == {name: str(seconds) for name, seconds in limits.items()}
    text = (ROOT / ".env.example").read_text()
    assert [name for name in EXAMPLE if name.startswith("SLOT_")] == list(limits)
    assert all(f"({seconds}" in text for seconds in limits.values())
    assert all(f"{name}={seconds}" in str(conf().__doc__) for name, seconds in limits.items())


def test_the_workflow_may_only_read() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert "permissions" not in job
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "sweep/requirements.txt"])
def test_every_dependency_is_pinned_with_hashes(name: str) -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / name).read_text().strip())
    assert all(re.match(r"[\w.-]+(\[\w]+)?==\S+ .*--hash=sha256:", entry, re.DOTALL) for entry in entries)


def test_every_gunicorn_variable_is_a_setting() -> None:
    settings = set(gunicorn.config.make_settings()) | {"cmd_args"}
    for name in EXAMPLE:
        if name.startswith("GUNICORN_"):
            assert name.removeprefix("GUNICORN_").lower() in settings


@pytest.mark.process
def test_compose_passes_on_everything_that_locust_reads() -> None:
    # In a process of its own: importing Locust patches threads and sockets of the one that does.
    code = "import explain; from locust.argument_parser import get_parser; "
    code += "print(*{a.env_var for a in get_parser()._actions if getattr(a, 'env_var', None)})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "locustfiles", capture_output=True, text=True, check=True
    )
    known = set(done.stdout.split()) - {"APP_MEMORY"}
    known -= {"LOCUST_WEB_AUTH", "LOCUST_LEGACY_UI"}  # Locust itself refuses these two
    assert {name for name in EXAMPLE if name.startswith("LOCUST_")} == known


def test_no_variable_can_arrive_empty() -> None:
    for service in yaml.safe_load(COMPOSE)["services"].values():
        for entry in service.get("environment", []):
            name = entry.partition("=")[0].partition("$")[0]
            with_default = re.fullmatch(rf"{name}=\$\{{{name}:-[^}}]+\}}", entry)
            only_with_value = entry == f"{name}${{{name}:+=}}${{{name}:-_}}"
            assert with_default or only_with_value, entry


def test_every_file_names_the_same_versions() -> None:
    locked = dict(re.findall(r"^([\w-]+)==(\S+)", (ROOT / "requirements-dev.txt").read_text(), re.MULTILINE))
    app = dict(re.findall(r"^([\w-]+)==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    assert app.items() <= locked.items()
    assert f"ARG GUNICORN_VERSION={app['gunicorn']}\n" in (ROOT / "Dockerfile").read_text()
    assert f"image: locustio/locust:{locked['locust']}\n" in COMPOSE


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))])
def test_links_lead_to_files(page: str) -> None:
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\(([^)#]+)", text):
        if "://" not in target:
            assert (ROOT / page).parent.joinpath(target).exists(), target
