"""The test bed, for tests and benchmarks: starts the real things on cores of their own, drives them, and waits.

programs  any program, on cores of its own
gunicorn  a server in a block, and what it says from outside
locust    a load test to its end, or in a block; its figures and its analysis
compose   the containers of docker-compose.yml
docker    the engine
wrk       the same with wrk, which needs less CPU
clients   clients that are not as polite as a load generator
open_generator  requests that do not wait for answers, by nothing of Locust's
users     clients that account for each of their requests
talk      a client that talks HTTP by the byte, and notes when
nginx     in front of a server, as it comes
keys      a certificate and its key, for TLS
upstream  gunicorn's own tests
browser   a real Chromium
cores     which core the app gets, and which the load
turns     which tests run side by side, and which alone
waiting   waits for what is going to happen, instead of for the clock
"""

import os
from collections.abc import Mapping

from sweep import ROOT
from sweep.measure import processes
from sweep.measure.processes import free_port

__all__ = ["ROOT", "clean_environ", "free_port"]


# What `make test ARGS=…` hands down; a make that a test runs would take it for its own.
OF_MAKE = ("ARGS", "MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "MFLAGS")


def clean_environ(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment without the variables of this stack, plus `extra`.

    SLOT_ANY_GUNICORN stays: with it CI tries gunicorns that nobody has tested yet. A run is kept where a test says so.
    """
    kept = {name: value for name, value in os.environ.items() if name == "SLOT_ANY_GUNICORN"}
    environ = processes.clean_environ(kept | {"LOCUST_REPORTS": "off"} | dict(extra or {}))
    return {name: value for name, value in environ.items() if name not in OF_MAKE or name in (extra or {})}
