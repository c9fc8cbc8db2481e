"""A locustfile: TRUTH_VISITS says what is requested, for instance `9 GET /page, 1 POST /files 200000` (bytes sent)."""

import os
from collections.abc import Callable

from locust import FastHttpUser

import explain  # noqa: F401 says where requests wait
from explain_think import think


def visit(method: str, path: str, size: int) -> Callable[[FastHttpUser], None]:
    """Return a task that makes a request."""

    def task(user: FastHttpUser) -> None:
        user.client.request(method, path, data="x" * size or None)

    return task


class Visitor(FastHttpUser):
    """Makes the requests in the shares that are asked for."""

    wait_time = think


for share, method, path, *size in map(str.split, os.environ["TRUTH_VISITS"].split(",")):
    Visitor.tasks += [visit(method, path, int(size[0]) if size else 0)] * int(share)
