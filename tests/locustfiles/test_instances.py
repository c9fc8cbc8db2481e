"""Real instances behind a real proxy: what adds up, and whose fault it is where they have not as much to do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import pytest

from tests.bed.gunicorn import Server
from tests.bed.locust import LOCUSTFILES, Run, explained
from tests.bed.nginx import NGINX, nginx
from tests.locustfiles.conftest import HERE, gunicorn
from tests.locustfiles.test_agreement import differs, retried

pytestmark = [pytest.mark.load, pytest.mark.skipif(not NGINX, reason="nginx is not on PATH")]

SCENARIO = LOCUSTFILES / "io_bound.py"
# Three of four users go to the first one. Who keeps the cookie stays there; who does not, goes anywhere each time.
KEPT = """
    upstream new {{ server {0} weight=3; server {1}; }}
    map $cookie_ARRAffinity $instance {{ default new; ~. $cookie_ARRAffinity; }}
"""
FORGOTTEN = """
    split_clients $request_id $instance {{ 75% {0}; * {1}; }}
"""
GIVEN = """
        location / {
            proxy_pass http://$instance;
            add_header Set-Cookie "ARRAffinity=$upstream_addr; Path=/; HttpOnly" always;
        }
"""


@pytest.fixture(scope="module")
def instances() -> Iterator[list[Server]]:
    """Three of 2 × 3, as App Service would name them: with 64 digits each."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(gunicorn(2, 3, WEBSITE_INSTANCE_ID=f"{one:064x}")) for one in (1, 2, 3)]


@contextlib.contextmanager
def front(instances: Sequence[Server]) -> Iterator[str]:
    """Each gets a request in turn."""
    servers = " ".join(f"server 127.0.0.1:{one.port};" for one in instances)
    with nginx("location / { proxy_pass http://app; }", f"    upstream app {{ {servers} }}") as port:
        yield f"http://127.0.0.1:{port}"


def test_two_and_three_serve_what_the_law_says(instances: list[Server]) -> None:
    """24 users for at most 18 slots: slots / S, with the slots of all, and the S that one instance has."""

    def measure() -> str | None:
        served: list[float] = []
        hold_s = 0.1
        for number in (1, 2, 3):
            with front(instances[:number]) as url:
                run = explained(SCENARIO, url, users=24, seconds=3)
            setting, verdict = run.analysis["setting"], run.analysis["verdict"]
            assert (setting["instances"], setting["slots"], setting["threads"]) == (number, 6 * number, 3)
            assert len(run.analysis["workers"]) == 2 * number
            if verdict["code"] != "slots":
                return f"{number} instances: {verdict}"
            assert ("on each of" in verdict["text"]) == (number > 1)
            served.append(run.analysis["load"]["rps"])
            hold_s = run.analysis["demand"]["app_s"] if number == 1 else hold_s
        law = [differs(f"{number} of them", rps, 6 * number / hold_s, 0.08) for number, rps in enumerate(served, 1)]
        return next(filter(None, law), None)

    retried(measure)


def sticky(instances: Sequence[Server], forget: bool) -> Run:
    addresses = [f"127.0.0.1:{one.port}" for one in instances[:2]]
    with nginx(GIVEN, (FORGOTTEN if forget else KEPT).format(*addresses)) as port:
        scenario = HERE / "forgets.py" if forget else SCENARIO
        return explained(scenario, f"http://127.0.0.1:{port}", users=12, seconds=3)


@pytest.mark.parametrize("forget", [False, True], ids=["kept", "forgotten"])
def test_cookies_are_named_if_users_keep_them(instances: list[Server], forget: bool) -> None:
    def measure() -> str | None:
        run = sticky(instances, forget)
        analysis, verdict = run.analysis, run.analysis["verdict"]
        shares = [one["share"] for one in analysis["instances"]]
        if forget:
            assert analysis["users_bound"] == 0
            assert 0.4 < analysis["users_stay"] < 0.85
        else:
            assert analysis["users_stay"] == analysis["users_bound"] == 1
        if verdict["code"] != "imbalance":
            return f"{verdict} with {shares}"
        assert ("The cookies are the cause" in verdict["text"]) != forget, verdict
        assert ("No cookie is the cause" in verdict["text"]) == forget, verdict
        return None

    retried(measure)
