"""Reading wrk's figures."""

from __future__ import annotations

import collections
import http.server
import threading

import pytest

from tests.bed.wrk import WRK, parse, wrk

FIGURES = '{"requests": %d, "seconds": 2.0, "bytes": 900, "failures": 1, "mean": 1.5, "p50": 1, "p95": 2, "p99": 3}'


def test_the_figures_come_after_wrks_own_words() -> None:
    answers = parse("Running 2s test @ http://127.0.0.1:1/\n  1 threads\n" + FIGURES % 9 + "\n")
    assert (answers.rps, answers.p99, answers.failures) == (4.5, 3, 1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "wrk wrote no figures"), ("unable to connect\n", "unable to connect"), (FIGURES % 0, "no answer in 2 s")],
    ids=["nothing", "no server", "no answer"],
)
def test_a_run_without_an_answer_is_no_run(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse(text)


@pytest.mark.process
@pytest.mark.skipif(not WRK, reason="needs wrk")
def test_more_paths_are_requested_in_turns() -> None:
    asked: collections.Counter[str] = collections.Counter()

    class Counting(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked[self.path] += 1
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Counting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        wrk(f"http://127.0.0.1:{server.server_port}/first", 1, 1, also=["/second?x=1"])
        server.shutdown()
    assert set(asked) == {"/first", "/second?x=1"}
    assert abs(asked["/first"] - asked["/second?x=1"]) <= 1
