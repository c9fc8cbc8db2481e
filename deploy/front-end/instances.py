"""Runs HAProxy as App Service's front end, and decides which instances it has.

An instance is a container of the Compose service `app`. A new one is asked for /robots933456.txt until it answers
anything, for as long as a start may take; then it gets requests. With a health check it is asked for that path too: one
that fails too often in a row is taken out, unless too many are out then, and put back when it answers again.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

SERVICE, PORT = "app", 8000
WARM_UP = "/robots933456.txt"
CONFIGURATION = "/etc/front-end/haproxy.cfg"
COMMANDS = "/tmp/haproxy.sock"  # noqa: S108 the container's own
MOST_INSTANCES = 30  # as haproxy.cfg has them
LOOK_SECONDS = 0.2
GONE = 2  # looks in a row without an address: names are not found now and then
# Until what waits for a connection to a gone instance has got another one; haproxy.cfg's `timeout connect`, and more.
LEAVE_SECONDS = 7.0
PING_SECONDS = 60.0  # until a health check that does not answer has failed


class Settings(NamedTuple):
    """The variables, with App Service's names where it has some."""

    start_limit: int
    health_path: str
    health_seconds: int
    failures: int
    most_out_percent: int


def whole(name: str, least: int, most: int) -> int:
    """Return a variable's number; end with one line if it is none, or beyond its bounds."""
    text = os.environ.get(name, "")
    if not re.fullmatch("[0-9]{1,9}", text) or not least <= int(text) <= most:
        sys.exit(f"{name}={text}: expected a whole number from {least} to {most}")
    return int(text)


def settings() -> Settings:
    """Return the settings; end with one line for a value that cannot be."""
    for name, values in {"FRONT_END_SCHEME": ("http", "https"), "FRONT_END_AFFINITY": ("true", "false")}.items():
        if os.environ.get(name) not in values:
            sys.exit(f"{name}={os.environ.get(name, '')}: expected {' or '.join(values)}")
    whole("FRONT_END_TIMEOUT", 1, 86400)
    path = os.environ.get("FRONT_END_HEALTH_PATH", "")
    if path and not re.fullmatch(r"/[!-~]*", path):
        sys.exit(f"FRONT_END_HEALTH_PATH={path}: expected a path, for instance /healthz")
    return Settings(
        start_limit=whole("WEBSITES_CONTAINER_START_TIME_LIMIT", 1, 1800),
        health_path=path,
        health_seconds=whole("FRONT_END_HEALTH_SECONDS", 1, 3600),
        failures=whole("WEBSITE_HEALTHCHECK_MAXPINGFAILURES", 2, 10),
        most_out_percent=whole("WEBSITE_HEALTHCHECK_MAXUNHEALTHYWORKERPERCENT", 1, 100),
    )


def say(text: str) -> None:
    print(f"front end: {text}", flush=True)


def tell(*commands: str) -> None:
    """Have HAProxy do something.

    Raises:
        OSError: it does not listen.
    """
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(COMMANDS)
        sock.sendall(f"{'; '.join(commands)}\n".encode())
        while sock.recv(4096):
            pass


def ask(address: str, path: str, seconds: float) -> int | None:
    """Return the status of an instance's answer; None without one."""
    connection = http.client.HTTPConnection(address, PORT, timeout=seconds)
    try:
        connection.request("GET", path, headers={"User-Agent": "HealthCheck/1.0"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


# --- which instances there are ------------------------------------------------------------------------


@dataclass
class Instance:
    """One container of the app.

    Attributes:
        address: its IP address.
        place: its number in haproxy.cfg.
        gone: set when it is there no more.
        missed: looks in a row that did not find it.
        leaves_at: when its place is free again, once it is gone.
        warm: whether it has answered.
        failed: health checks in a row that have.
        out: whether the health check has taken it out.
    """

    address: str
    place: int
    gone: threading.Event = field(default_factory=threading.Event)
    missed: int = 0
    leaves_at: float = 0.0
    warm: bool = False
    failed: int = 0
    out: bool = False

    @property
    def server(self) -> str:
        """HAProxy's name of it."""
        return f"instances/instance{self.place}"


class Instances:
    """All instances, in and out of rotation."""

    def __init__(self, given: Settings) -> None:
        self.given = given
        self.known: dict[str, Instance] = {}
        self.leaving: list[Instance] = []
        self.lock = threading.Lock()

    def look(self) -> None:
        """Take note of instances that have come and gone."""
        addresses = resolved()
        with self.lock:
            for address, instance in list(self.known.items()):
                instance.missed = 0 if address in addresses else instance.missed + 1
                if instance.missed >= GONE:
                    self.remove(self.known.pop(address))
            self.end_sessions()
            taken = {instance.place for instance in (*self.known.values(), *self.leaving)}
            free = sorted(set(range(1, MOST_INSTANCES + 1)) - taken)
            for address, place in zip(sorted(addresses - self.known.keys()), free, strict=False):
                self.known[address] = Instance(address, place)
                threading.Thread(target=self.attend, args=[self.known[address]], daemon=True).start()

    def remove(self, instance: Instance) -> None:
        """Have an instance get no more requests.

        Those that still wait for a connection to it have not reached it: HAProxy gives them to another one by itself.
        """
        instance.gone.set()
        instance.leaves_at = time.monotonic() + LEAVE_SECONDS
        self.leaving.append(instance)
        tell(f"set server {instance.server} state maint")
        say(f"{instance.address} is gone")

    def end_sessions(self) -> None:
        """End what instances had got that have been gone for long: nobody will answer it."""
        now = time.monotonic()
        for instance in [one for one in self.leaving if one.leaves_at <= now]:
            self.leaving.remove(instance)
            tell(f"shutdown sessions server {instance.server}")

    def attend(self, instance: Instance) -> None:
        """Wait until an instance is warm, and look at its health from then on."""
        begin = time.monotonic()
        ends = begin + self.given.start_limit
        while ask(instance.address, WARM_UP, max(LOOK_SECONDS, ends - time.monotonic())) is None:
            if instance.gone.wait(LOOK_SECONDS):
                return
            if time.monotonic() > ends:
                say(f"{instance.address} did not answer within {self.given.start_limit} s, so it gets no request")
                return
        with self.lock:
            if instance.gone.is_set():
                return
            instance.warm = True
            tell(f"set server {instance.server} addr {instance.address} port {PORT}", *state(instance))
            say(f"{instance.address} is warm after {time.monotonic() - begin:.1f} s")
        while self.given.health_path and not instance.gone.wait(self.given.health_seconds):
            status = ask(instance.address, self.given.health_path, PING_SECONDS)
            self.note(instance, healthy=status is not None and 200 <= status < 300)

    def note(self, instance: Instance, healthy: bool) -> None:
        """Count a health check, and put all instances where they belong after it."""
        with self.lock:
            instance.failed = 0 if healthy else instance.failed + 1
            warm = [one for one in self.known.values() if one.warm]
            for one in changed(warm, self.given):
                one.out = not one.out
                tell(*state(one))
                what = f"out after {one.failed} failed health checks" if one.out else "back"
                say(f"{one.address} is {what}")


def changed(warm: list[Instance], given: Settings) -> list[Instance]:
    """Return the instances that have to be put back or taken out.

    As many are out as may be, those that failed most often; none of them, if all fail.
    """
    failing = [one for one in warm if one.failed >= given.failures]
    most = 0 if len(failing) == len(warm) else len(warm) * given.most_out_percent // 100
    kept_out = sorted(failing, key=lambda one: (not one.out, -one.failed, one.place))[:most]
    return [one for one in warm if one.out != (one in kept_out)]


def state(instance: Instance) -> list[str]:
    """Return the command that puts an instance where it belongs; one that is out ends the requests that it has."""
    return [f"set server {instance.server} state {'maint' if instance.out else 'ready'}"]


def resolved() -> set[str]:
    """Return the addresses of the service's containers that run."""
    try:
        return {str(entry[4][0]) for entry in socket.getaddrinfo(SERVICE, PORT, socket.AF_INET, socket.SOCK_STREAM)}
    except OSError:
        return set()


def main() -> int:
    """Run until HAProxy ends, or a signal ends it."""
    instances = Instances(settings())
    haproxy = subprocess.Popen(["haproxy", "-db", "-f", CONFIGURATION])  # noqa: S603, S607 all its own
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: haproxy.terminate())
    while haproxy.poll() is None and not Path(COMMANDS).exists():
        time.sleep(LOOK_SECONDS)
    say("listens")
    while haproxy.poll() is None:
        instances.look()
        time.sleep(LOOK_SECONDS)
    return haproxy.returncode


if __name__ == "__main__":
    sys.exit(main())
