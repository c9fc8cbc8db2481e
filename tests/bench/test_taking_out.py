"""Taking something out of a source file: found by name and by what it does, and an error where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bench.taking_out import without_code, without_entry, without_line

SOURCE = '''
LIMIT, OTHER = 1, 2
MOST: int = 3

class Worker:
    most = 5

    def run(self, now):
        """Says nothing of a = 1."""
        if self.ends:
            self.stop("so",
                      now)
            self.left = [x for x in self.all if x or  self.one]
        return now

    def stop(self): return self.run(1)

def run(now):
    a = 1; b = 1
    return "é" + cut(a, b)
'''


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "worker.py").write_text(SOURCE)
    (tmp_path / "other.py").write_text("def other(): ...\n")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "old", "new", "before", "after"),
    [
        pytest.param(
            *("Worker.run", "self.stop('so', now)", "pass", 'self.stop("so",\n                      now)', "pass"),
            id="a statement, however it is written",
        ),
        pytest.param("Worker.run", "x or self.one", "x", "x or  self.one", "x", id="an expression"),
        pytest.param("run", "b = 1", "", "b = 1", "pass", id="one of two on a line"),
        pytest.param("run", "cut(a, b)", "''", "cut(a, b)", "''", id="behind other than ASCII"),
        pytest.param("Worker.stop", "", "return 0", "return self.run(1)", "return 0", id="a body"),
        pytest.param("MOST", "", "4", "= 3", "= 4", id="a constant"),
        pytest.param("Worker.most", "", "6", "most = 5", "most = 6", id="an attribute"),
        pytest.param(
            *("Worker.run", "self.stop('so', now)", "if now:\n    self.go()", 'self.stop("so",'),
            "if now:\n                self.go()",
            id="several lines are indented",
        ),
    ],
)
def test_code(place: Path, name: str, old: str, new: str, before: str, after: str) -> None:
    path, text = without_code(place, name, old, new)
    assert path == place / "inner" / "worker.py"
    assert before in SOURCE
    assert before not in text
    assert after in text


@pytest.mark.parametrize(
    ("name", "old", "words"),
    [
        ("Worker.walk", "", "Worker.walk is defined 0 times"),
        ("Worker.run", "self.stop('other', now)", "is 0 times in Worker.run"),
        ("run", "1", "is 2 times in run"),
        ("Worker", "", "neither a body nor a value"),
    ],
)
def test_code_that_is_not_there_once(place: Path, name: str, old: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        without_code(place, name, old, "pass")


def test_a_name_that_two_files_define(place: Path) -> None:
    (place / "second.py").write_text("MOST = 1\n")
    with pytest.raises(ValueError, match="MOST is defined 2 times"):
        without_code(place, "MOST", "", "4")


YAML = """\
services:
  app:  # the sample
    ports: ["127.0.0.1:80:80", other]
    init: true
    restart: no

  locust:
    image: x
"""


@pytest.mark.parametrize(
    ("path", "new", "expected"),
    [
        ("services.app.init", "", {"ports": ["127.0.0.1:80:80", "other"], "restart": "no"}),
        ("services.app.ports", "", {"init": "true", "restart": "no"}),
        ("services.app.ports.0", "'80:80'", {"ports": ["80:80", "other"], "init": "true", "restart": "no"}),
    ],
)
def test_an_entry(tmp_path: Path, path: str, new: str, expected: object) -> None:
    (tmp_path / "a.yml").write_text(YAML)
    services = yaml.load(without_entry(tmp_path / "a.yml", path, new), yaml.BaseLoader)["services"]
    assert services == {"app": expected, "locust": {"image": "x"}}


@pytest.mark.parametrize("path", ["services.app.inot", "services.app.ports.2", "services.app.init.deeper"])
def test_an_entry_that_is_not_there(tmp_path: Path, path: str) -> None:
    (tmp_path / "a.yml").write_text(YAML)
    with pytest.raises(ValueError, match=r"is not in a\.yml"):
        without_entry(tmp_path / "a.yml", path)


def test_a_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a\nab\nc\nc\n")
    assert without_line(tmp_path / "file", "a") == "\nab\nc\nc\n"
    for line, times in (("b", 0), ("c", 2)):
        with pytest.raises(ValueError, match=f"{times} times in file"):
            without_line(tmp_path / "file", line)
