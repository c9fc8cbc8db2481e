"""Each of the front end's rules, with shortened limits, as an app behind it and a client before it see them."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests import readme
from tests.bed import free_port
from tests.bed.compose import Stack, clone
from tests.bed.docker import docker, inspect
from tests.bed.waiting import wait_for, wait_for_200
from tests.deploy.front_end import ENV, FrontEnd, front_end, with_echo

pytestmark = pytest.mark.container

LIMIT = 2  # s, of a request without a byte


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontEnd]:
    """Two instances of the app in echo.py under bare gunicorn, which keeps connections."""
    folder = clone(tmp_path_factory.mktemp("clone"))
    variables = {
        "COMPOSE_FILE": with_echo(folder),
        "FRONT_END_TIMEOUT": str(LIMIT),
        "FRONT_END_SCHEME": "https",
        "FRONT_END_HEALTH_PATH": "/healthz",
        "FRONT_END_HEALTH_SECONDS": "1",
        "WEBSITE_HEALTHCHECK_MAXPINGFAILURES": "2",
        "GUNICORN_WORKERS": "1",
        "GUNICORN_WORKER_CLASS": "gthread",
        "GUNICORN_KEEPALIVE": "60",
        "GUNICORN_GRACEFUL_TIMEOUT": "30",
    }
    with front_end(folder, **variables) as running:
        running.up()
        running.warm()
        yield running


def test_the_readmes_command_is_the_one_that_is_tested() -> None:
    (command,) = readme.of("front-end")
    assert f"--env-file {ENV} up --scale app=" in command


def seen(running: FrontEnd, number: int = 8) -> set[str]:
    """The instances that answer so many requests without cookies."""
    return {running.get("/").facts["instance"] for _ in range(number)}


def test_each_says_which_instance_it_is(echo: FrontEnd) -> None:
    """Of the same image, on the same core of the same machine."""
    script = "from gunicorn_slots.instance import described; print(described())"
    told = [docker("exec", one, "python", "-c", script).stdout.split() for one in echo.instances()]
    assert len({words[0] for words in told}) == 2
    assert {words[0].partition("=")[0] for words in told} == {"instance"}
    assert [words[1:] for words in told] == [[told[0][1], "cores=1"]] * 2


def test_the_headers_that_an_app_gets(echo: FrontEnd) -> None:
    sent = {"Host": "shop.example", "X-Forwarded-For": "9.9.9.9", "X-ARR-SSL": "mine", "Max-Forwards": "99"}
    facts = echo.get("/a%20b?c=d", sent).facts
    client, _, port = facts["HTTP_CLIENT_IP"].partition(":")
    assert facts["HTTP_X_FORWARDED_FOR"] == f"9.9.9.9, {client}:{port}"
    assert facts["HTTP_X_CLIENT_IP"] == client
    assert port.isdigit()
    assert facts["HTTP_X_FORWARDED_PROTO"] == "https"
    assert facts["HTTP_X_ARR_SSL"] not in ("", "mine")
    assert len(facts["HTTP_X_ARR_LOG_ID"]) == 36
    assert facts["HTTP_X_ARR_LOG_ID"] != echo.get("/").facts["HTTP_X_ARR_LOG_ID"]
    assert facts["HTTP_DISGUISED_HOST"] == facts["HTTP_HOST"] == "shop.example"
    assert facts["HTTP_X_ORIGINAL_URL"] == "/a%20b?c=d"
    assert facts["HTTP_MAX_FORWARDS"] == "10"


def test_it_comes_from_where_app_services_does(echo: FrontEnd) -> None:
    facts = echo.get("/").facts
    assert facts["REMOTE_ADDR"].startswith("169.254.")
    client = facts["HTTP_X_CLIENT_IP"]
    assert echo.get("/restored", {"Host": "shop.example"}).text == f"https://shop.example {client}"


def test_504_without_a_byte_while_the_app_works_on(echo: FrontEnd) -> None:
    answer = echo.get(f"/slow?seconds={LIMIT + 1}")
    assert answer.status == 504
    assert answer.seconds == pytest.approx(LIMIT, abs=0.5)
    wait_for(lambda: any(echo.get("/").facts["done"] for _ in range(4)), 5, "the end of the request in the app")


def test_a_stream_that_flows_passes(echo: FrontEnd) -> None:
    answer = echo.get(f"/drip?seconds={LIMIT + 1}")
    assert (answer.status, len(answer.text)) == (200, 2 * (LIMIT + 1))
    assert answer.seconds > LIMIT + 0.5


def test_a_request_is_read_whole_before_an_instance_gets_it(echo: FrontEnd) -> None:
    body = b"x" * 1000
    with socket.create_connection(("127.0.0.1", echo.stack.app_port)) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n")
        for part in range(0, 1000, 250):
            time.sleep(0.25)
            sock.sendall(body[part : part + 250])
        answer = b"".join(iter(lambda: sock.recv(4096), b""))
    read = float(answer.partition(b'"read": ')[2].partition(b",")[0])
    assert read < 0.2


def test_connections_to_instances_are_kept(echo: FrontEnd) -> None:
    """Whoever asks: these are ten clients."""
    ports = {(facts["instance"], facts["REMOTE_PORT"]) for facts in (echo.get("/").facts for _ in range(10))}
    assert len(ports) < 6


def test_cookies_keep_a_client_with_one_instance(echo: FrontEnd) -> None:
    assert len(seen(echo)) == 2
    first = echo.get("/")
    assert set(first.cookies) == {"ARRAffinity", "ARRAffinitySameSite"}
    assert len(set(first.cookies.values())) == 1
    kept = {"Cookie": f"ARRAffinity={first.cookies['ARRAffinity']}"}
    assert {echo.get("/", kept).facts["instance"] for _ in range(8)} == {first.facts["instance"]}


def test_an_instance_that_fails_is_taken_out_and_put_back(echo: FrontEnd) -> None:
    sick = echo.get("/sick?is=true")
    kept = {"Cookie": f"ARRAffinity={sick.cookies['ARRAffinity']}"}
    wait_for(lambda: "is out after 2 failed health checks" in echo.log(), 10, "the end of its requests")
    assert sick.facts["instance"] not in seen(echo)
    assert echo.get("/", kept).facts["instance"] != sick.facts["instance"]  # the cookie does not keep it in
    for container in echo.instances():
        docker("exec", container, "rm", "-f", "/tmp/sick")
    wait_for(lambda: " is back" in echo.log(), 10, "its return")
    assert len(seen(echo)) == 2


def test_none_is_taken_out_if_all_fail(echo: FrontEnd) -> None:
    outs = echo.log().count("is out after")
    for container in echo.instances():
        docker("exec", container, "touch", "/tmp/sick")
    time.sleep(2.5)
    assert len(seen(echo)) == 2
    for container in echo.instances():
        docker("exec", container, "rm", "-f", "/tmp/sick")
    backs = echo.log().count(" is back")
    assert echo.log().count("is out after") - outs <= backs  # one may have failed a moment before the other


def test_a_stop_takes_5_seconds_at_most(echo: FrontEnd) -> None:
    """While gunicorn would wait 30 s for its request; the other instance goes on."""
    first = echo.get("/")
    kept = {"Cookie": f"ARRAffinity={first.cookies['ARRAffinity']}"}
    assert echo.get("/slow?seconds=20", kept).status == 504
    (container,) = [one for one in echo.instances() if one.startswith(first.facts["instance"])]
    begin = time.monotonic()
    docker("stop", container)
    assert 4.5 < time.monotonic() - begin < 8
    assert inspect(container)["State"]["ExitCode"] == 137
    wait_for(lambda: len(echo.serving()) == 1, 5, "its leaving")
    assert first.facts["instance"] not in seen(echo)


# --- the start; these leave the front end behind them as they need it ---------------------------------


def test_a_request_waits_for_the_start(echo: FrontEnd) -> None:
    echo.compose("stop", "--timeout", "1", "app")
    echo.up(scale=1, environ={"COLD_SECONDS": "3", "FRONT_END_TIMEOUT": "20", "FRONT_END_AFFINITY": "false"})
    answer = echo.get("/")
    assert answer.status == 200
    assert answer.seconds > 1.5
    assert answer.cookies == {}  # switched off
    assert "is warm after" in echo.log()


def test_a_start_beyond_its_limit_is_503(echo: FrontEnd) -> None:
    echo.compose("stop", "--timeout", "1", "app")
    echo.up(scale=1, environ={"COLD_SECONDS": "30", "WEBSITES_CONTAINER_START_TIME_LIMIT": "2"})
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(echo.get("/").status)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [503] * 3
    wait_for(lambda: "did not answer within 2 s, so it gets no request" in echo.log(), 5, "the line in the log")


def test_the_profile_alone_is_one_more_door(stack: Stack) -> None:
    stack.up("app")
    port = free_port()
    profile = ["--profile", "front-end"]
    try:
        start = ["up", "--detach", "--no-deps", "front-end"]
        stack.compose(*profile, *start, environ={"FRONT_END_PORT": str(port)})
        wait_for_200(f"http://127.0.0.1:{port}/healthz")
        wait_for_200(f"{stack.app_url}/healthz")
    finally:
        stack.compose(*profile, "rm", "--force", "--stop", "front-end")
