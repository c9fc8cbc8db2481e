"""The sample app's routes: what they cost, and what they refuse."""

from __future__ import annotations

import time

import pytest
from flask.testing import FlaskClient

from app import create_app


@pytest.fixture
def client() -> FlaskClient:
    return create_app().test_client()


def cost_ms(client: FlaskClient, path: str) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.thread_time()
    assert client.get(path).status_code == 200
    return (time.perf_counter() - wall) * 1e3, (time.thread_time() - cpu) * 1e3


def test_io_waits_and_does_not_compute(client: FlaskClient) -> None:
    wall, cpu = cost_ms(client, "/io?ms=200")
    assert 200 <= wall < 300
    assert cpu < 30


def test_cpu_takes_cpu_time(client: FlaskClient) -> None:
    assert 100 <= cost_ms(client, "/cpu?ms=100")[1] < 130


def test_mixed_does_both(client: FlaskClient) -> None:
    wall, cpu = cost_ms(client, "/mixed?io_ms=100&cpu_ms=50")
    assert wall >= 150
    assert 50 <= cpu < 80


def test_io_takes_a_post(client: FlaskClient) -> None:
    assert client.post("/io?ms=1", data="x").get_json() == {"waited_ms": 1}


def test_index_links_every_route(client: FlaskClient) -> None:
    page = client.get("/").get_data(as_text=True)
    for path in ("/io", "/cpu", "/mixed", "/healthz"):
        assert f'href="{path}"' in page


@pytest.mark.parametrize("path", ["/io", "/cpu", "/mixed", "/healthz", "/io?ms=0", "/io?ms=0.5"])
def test_defaults_and_bounds_are_served(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("value", ["abc", "-1", "nan", "inf", "1e99", "", "1&{name}=2"])
@pytest.mark.parametrize(("path", "name"), [("/io", "ms"), ("/cpu", "ms"), ("/mixed", "io_ms"), ("/mixed", "cpu_ms")])
def test_bad_parameters_are_one_line(client: FlaskClient, path: str, name: str, value: str) -> None:
    response = client.get(f"{path}?{name}={value.format(name=name)}")
    text = response.get_data(as_text=True)
    assert response.status_code == 400
    assert text.startswith(f"{name}=")
    assert "expected one number of milliseconds from 0 to" in text
    assert text.count("\n") == 1


@pytest.mark.parametrize("query", ["/io?ms=10001", "/cpu?ms=1001", "/mixed?io_ms=10001", "/mixed?cpu_ms=1001"])
def test_no_request_ties_up_the_host(client: FlaskClient, query: str) -> None:
    assert client.get(query).status_code == 400


def test_a_bad_parameter_cannot_inject_a_page(client: FlaskClient) -> None:
    response = client.get("/io?ms=<script>%0d%0a")
    assert response.mimetype == "text/plain"
    assert response.get_data(as_text=True).count("\n") == 1
