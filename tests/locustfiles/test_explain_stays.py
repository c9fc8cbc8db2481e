"""Where a user's request before went, and whether it was sent with the front end's cookie."""

from __future__ import annotations

from typing import Any

import pytest

from explain_server_timing import Origin
from explain_stays import instance_before, is_bound
from tests.locustfiles.instances import IO, own, records_of
from tests.locustfiles.simulated import App


class Told:
    """What a response says of its request."""

    def __init__(self, cookie: Any) -> None:
        self.request = self
        self.headers = {"Cookie": cookie} if cookie is not None else {}


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        ("ARRAffinity=0a1b", True),
        ("session=1; ARRAffinity=0a1b; ARRAffinitySameSite=0a1b", True),
        ("session=1", False),
        ("ARRAffinitySameSite=0a1b", False),
        (None, False),
        (5, False),
    ],
)
def test_which_request_has_the_cookie(cookie: Any, expected: bool) -> None:
    assert is_bound(Told(cookie)) is expected


def test_no_response_breaks_it() -> None:
    assert not is_bound(None)
    assert not is_bound("text")


def test_where_a_user_was_before() -> None:
    class User:
        """Has attributes of its own, as a greenlet has."""

    user = User()
    (timing,) = [record.timing for record in records_of(App(IO, 1, 1, origins=own(1)), 1, 0.15)]
    assert timing
    assert instance_before(user, None) == ""
    assert instance_before(user, timing) == ""
    assert instance_before(user, timing._replace(origin=Origin())) == ""
    assert instance_before(user, timing) == "00000001"
    assert instance_before(object(), timing) == ""
