"""An app with the faults that the sample app must not have; nothing but tests may serve it."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from flask import Flask, Response, request

app = Flask(__name__)

# Each request that is served leaves its number here, if the test wants to know.
SERVED = os.environ.get("SERVED_FILE")
kept: list[bytes] = []


@app.get("/io")
def io() -> dict[str, str]:
    """Wait as the sample's route does, and note the request's number."""
    number = request.args.get("number", "")
    if SERVED:
        file = os.open(SERVED, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, f"{number}\n".encode())  # so few bytes are never split
        os.close(file)
    time.sleep(float(request.args.get("ms", "100")) / 1e3)
    return {"number": number}


@app.get("/hang")
def hang() -> str:
    """Hang for longer than any test."""
    time.sleep(900)
    return "late"


@app.get("/hang-in-a-pool")
def hang_in_a_pool() -> str:
    """Hang in a thread of one's own, for which Python waits at its exit."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(time.sleep, 900).result()
    return "late"


@app.get("/exit")
def leave() -> str:
    """Exit, with a status that gunicorn takes for an app that cannot be loaded."""
    sys.exit(3)


@app.get("/stream")
def stream() -> Response:
    """Send a line each half second, and say which worker does."""

    def lines(number: int) -> Iterator[str]:
        try:
            for line in range(number):
                yield f"{line}\n"
                time.sleep(0.5)
        finally:
            print(f"end of a stream in {os.getpid()}", flush=True)

    return Response(lines(int(request.args["lines"])), headers={"Worker": str(os.getpid())})


@app.get("/large")
def large() -> bytes:
    """More than the buffers of both ends take, so sending it waits for the client."""
    return b"x" * 50_000_000


@app.post("/upload")
def upload() -> dict[str, int]:
    """Read all of the body."""
    return {"bytes": len(request.get_data())}


@app.post("/begun")
def begun() -> Iterator[str]:
    """Begin a response before reading the body."""
    body = request.stream

    def lines() -> Iterator[str]:
        yield "begun\n"
        yield f"{len(body.read())}\n"

    return lines()


@app.get("/leak")
def leak() -> dict[str, int]:
    """Take memory and keep it."""
    kept.append(b"x" * int(float(request.args["mb"]) * 2**20))
    return {"pid": os.getpid()}


@app.get("/debug")
def debug() -> dict[str, bool]:
    """Say whether debug mode is on."""
    return {"debug": app.debug}


@app.get("/user-timeout")
def user_timeout() -> str:
    """Say after how many ms the kernel ends a connection that takes no more, or set that; send more bytes if asked."""
    sock, option = request.environ["gunicorn.socket"], (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    if "ms" in request.args:
        sock.setsockopt(*option, int(request.args["ms"]))
    return f"{sock.getsockopt(*option)}\n" + "x" * int(request.args.get("send", "0"))


@app.get("/healthz")
def healthz() -> str:
    """Answer at once."""
    return "ok\n"
