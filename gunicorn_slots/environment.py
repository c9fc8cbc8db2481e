# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""From the environment to gunicorn's settings, by gunicorn's own declarations; App Service's names too.

GUNICORN_<SETTING>    any gunicorn setting by its name in a config file, upper-cased; lists are separated by
                      commas, dictionaries are JSON, None is None; empty is unset
PYTHON_ENABLE_GUNICORN_MULTIWORKERS, PYTHON_GUNICORN_CUSTOM_WORKER_NUM,
PYTHON_GUNICORN_CUSTOM_THREAD_NUM    as on Azure App Service; below GUNICORN_*
WEB_CONCURRENCY, PORT, FORWARDED_ALLOW_IPS    as gunicorn reads them; below those
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gunicorn_slots import bounds
from gunicorn_slots.cgroup import available_cpus
from gunicorn_slots.names import DECLARED, is_somebody_elses, setting_of, taken
from gunicorn_slots.parsing import TRUE_OR_FALSE, BadSettingError, parse_count, parse_flag, shortened

# An empty WEB_CONCURRENCY is fatal to gunicorn, so Compose needs one that says nothing: here this is unset, and to a
# gunicorn without this package it is 1, which is its own default.
UNSET = "01"


def default_workers() -> int:
    """gunicorn's rule of thumb. A start to measure from."""
    return 2 * available_cpus() + 1


def from_environment(environ: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    """Return {setting: (value, variable)} for all that the environment sets, the strongest variable first.

    Raises:
        BadSettingError: an unknown name under GUNICORN_, or a value that its setting refuses.
    """
    env = {name: text.strip() for name, text in environ.items() if text.strip()}
    strongest = gunicorn_variables(env)
    for name, value in [*app_service_variables(env), *gunicorns_own_variables(env)]:
        strongest.setdefault(name, value)
    return strongest


def gunicorn_variables(env: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    """Return what GUNICORN_<SETTING> sets."""
    values = {}
    for variable in sorted(name for name in env if name.startswith("GUNICORN_")):
        if not is_somebody_elses(variable, env[variable]):
            name = setting_of(variable, env[variable])
            values[name] = (parse_setting(name, env[variable], variable), variable)
    return values


def app_service_variables(env: Mapping[str, str]) -> list[tuple[str, tuple[Any, str]]]:
    """Return what App Service's own names set: nothing unless the first of them is true."""
    flag, workers, threads = (
        "PYTHON_ENABLE_GUNICORN_MULTIWORKERS",
        "PYTHON_GUNICORN_CUSTOM_WORKER_NUM",
        "PYTHON_GUNICORN_CUSTOM_THREAD_NUM",
    )
    if flag not in env or not parse_flag(flag, env[flag]):
        return []
    values: list[tuple[str, tuple[Any, str]]] = []
    if workers in env:
        values.append(("workers", (parse_count(workers, env[workers]), workers)))
    else:
        values.append(("workers", (default_workers(), flag)))
    if threads in env:
        values.append(("threads", (parse_count(threads, env[threads]), threads)))
    return values


def gunicorns_own_variables(env: Mapping[str, str]) -> list[tuple[str, tuple[Any, str]]]:
    """Return what gunicorn's own names set. With a configuration file gunicorn itself would not look at them."""
    values: list[tuple[str, tuple[Any, str]]] = []
    concurrency = env.get("WEB_CONCURRENCY", UNSET)
    if concurrency != UNSET and (workers := parse_count("WEB_CONCURRENCY", concurrency, 0)):  # 0 is unset, too
        values.append(("workers", (workers, "WEB_CONCURRENCY")))
    if "PORT" in env:
        values.append(("bind", ([f"0.0.0.0:{parse_count('PORT', env['PORT'], 1, 65535)}"], "PORT")))
    if name := env.get("FORWARDED_ALLOW_IPS"):
        ips = parse_setting("forwarded_allow_ips", name, "FORWARDED_ALLOW_IPS")
        values.append(("forwarded_allow_ips", (ips, "FORWARDED_ALLOW_IPS")))
    return values


def parse_setting(name: str, text: str, variable: str) -> Any:
    """Parse one setting as gunicorn declares it, and let gunicorn's own validator check it."""
    declared = DECLARED[name]
    default = type(declared).default
    if text.lower() == "none" and default is None:
        return None
    value: Any
    try:
        if declared.type is int and not name.startswith("http2"):  # those have bounds of their own
            value = parse_count(variable, text, bounds.of(name)[0])
        elif declared.action == "append":
            value = [part.strip() for part in text.split(",") if part.strip()]
            if not value:
                raise BadSettingError(variable, text, "expected one value or more, separated by commas")
        elif isinstance(default, dict):
            value = json.loads(text)
        else:
            value = declared.type(text) if declared.type else text
        bounds.check(name, taken(name, value), variable)
    except BadSettingError:
        raise
    except Exception as error:
        expected = kind_of(name)
        reason = "" if expected == TRUE_OR_FALSE else f" ({shortened(str(error))})"
        raise BadSettingError(variable, text, f"expected {expected}{reason}") from None
    return value


def kind_of(name: str) -> str:
    """Say in words what a setting takes."""
    declared = DECLARED[name]
    if isinstance(type(declared).default, dict):
        return "a JSON object"
    if declared.action in ("store_true", "store_const"):
        return TRUE_OR_FALSE
    return f"a valid {name}"
