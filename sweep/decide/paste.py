"""The lines to paste for a setting: a command line, application settings, lines for .env."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

import gunicorn.config

from explain_laws import Setting
from gunicorn_slots.versions import TESTED
from sweep.records import Info

EXACT = "SlotWorker"


def startup_command(setting: Setting, info: Info) -> str:
    """Return the command line, with what was held fixed as gunicorn's own options where it has one."""
    rest = held(info)
    words = ["gunicorn", "--bind=0.0.0.0", "--timeout", rest.pop("timeout", "600")]
    words += ["--workers", str(setting.workers), "--threads", str(setting.threads)]
    return shlex.join([*words, *as_options(rest), info.app])


def needs(setting: Setting, info: Info) -> str:
    """Say what the command line needs to start what was measured, and what it starts else; "" for gunicorn's own."""
    if not held(info).get("worker_class", EXACT).endswith(EXACT):
        return ""
    own = "sync" if setting.threads == 1 else "gthread"
    return (
        f"This line needs gunicorn.conf.py and gunicorn_slots/ in the app's folder, and gunicorn {TESTED[0]} in its "
        "requirements (README: Take it into your project). "
        "Without them it starts gunicorn's own workers, which this sweep did not measure: sweep with "
        f"`--gunicorn worker_class={own}`."
    )


def as_options(settings: Mapping[str, str]) -> list[str]:
    """Return settings as gunicorn's command-line options."""
    declared = gunicorn.config.make_settings()
    return [word for name, value in settings.items() for word in as_option(declared[name], value)]


def as_option(declared: Any, value: str) -> list[str]:
    """Return a setting as gunicorn's command-line options; [] where it has none, or none is needed."""
    flag = next((flag for flag in declared.cli or [] if flag.startswith("--")), None)
    if flag is None or value.lower() == "none":
        return []
    if declared.action in ("store_true", "store_const"):
        wanted = declared.const if declared.action == "store_const" else True
        return [flag] if (value in ("1", "t", "T", "true", "True", "TRUE")) == wanted else []
    if declared.action == "append":
        return [word for part in value.split(",") for word in (flag, part.strip())]
    return [flag, value]


def app_settings(setting: Setting, info: Info) -> dict[str, str]:
    """Return App Service's application settings, read by the platform and by gunicorn.conf.py."""
    numbers = {
        "PYTHON_ENABLE_GUNICORN_MULTIWORKERS": "true",
        "PYTHON_GUNICORN_CUSTOM_WORKER_NUM": str(setting.workers),
        "PYTHON_GUNICORN_CUSTOM_THREAD_NUM": str(setting.threads),
    }
    return numbers | {f"GUNICORN_{name.upper()}": value for name, value in held(info).items()}


def environment(setting: Setting, info: Info) -> dict[str, str]:
    """Return the lines for .env; the app too where gunicorn.conf.py would not find it by itself.

    What was held fixed goes where Compose passes everything on: it knows the name of few settings.
    """
    lines = {"GUNICORN_WORKERS": str(setting.workers), "GUNICORN_THREADS": str(setting.threads)}
    if info.options.app:
        lines["GUNICORN_WSGI_APP"] = info.app
    if words := as_options(held(info)):
        lines["GUNICORN_CMD_ARGS"] = shlex.join(words)
    return lines


def az_commands(command: str, settings: Mapping[str, str]) -> tuple[str, ...]:
    """Return the Azure CLI's commands for a startup command and for app settings; RG and APP stand for one's own."""
    pairs = " ".join(shlex.quote(f"{name}={value}") for name, value in settings.items())
    # As in Microsoft's own examples, unless a shell would read something in it.
    quoted = shlex.quote(command) if set(command) & set('"$`\\!') else f'"{command}"'
    return (
        f"az webapp config set -g RG -n APP --startup-file {quoted}",
        f"az webapp config appsettings set -g RG -n APP --settings {pairs}",
    )


def dotenv(value: str) -> str:
    """Return a value as .env has it. In double quotes Compose takes back each of these escapes."""
    if re.fullmatch(r"[\w.,:/=@%+-]*", value):
        return value
    escaped = re.sub(r'(["$\\])', r"\\\1", value).replace("\n", r"\n")
    return f'"{escaped}"'


def held(info: Info) -> dict[str, str]:
    """Return what was held fixed and is of use elsewhere."""
    return {name: value for name, value in info.options.gunicorn.items() if name != "bind"}
