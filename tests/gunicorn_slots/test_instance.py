"""Which instance the header says that a worker is of."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import pytest

from gunicorn_slots import instance
from gunicorn_slots.instance import described

ID = "b6a1" * 16  # App Service's has 64 digits


def words(**environ: str) -> dict[str, str]:
    return dict(word.split("=") for word in described(environ).split())


def test_app_service_s_id_is_told_as_a_hash() -> None:
    """Whoever knows the id can find its hash, and nobody the id from it."""
    told = words(WEBSITE_INSTANCE_ID=ID)["instance"]
    assert told == hashlib.sha256(ID.encode()).hexdigest()[:8]
    assert told not in ID
    assert words(WEBSITE_INSTANCE_ID=f" {ID}\n")["instance"] == told
    assert words(WEBSITE_INSTANCE_ID=ID[:-1])["instance"] != told


@pytest.mark.parametrize("environ", [{}, {"WEBSITE_INSTANCE_ID": ""}, {"WEBSITE_INSTANCE_ID": " "}])
def test_without_one_the_container_has_its_own(environ: dict[str, str]) -> None:
    assert words(**environ) == words()
    assert re.fullmatch(r"[0-9a-f]{8}", words()["instance"])
    assert os.uname().nodename not in described({})


def test_containers_are_told_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of two with the host's name, as on its network, each has processes of its own; of a restarted one, too."""
    seen = {words()["instance"]}
    for name, boot, processes in [("a", "1", "pid:[1]"), ("b", "1", "pid:[1]"), ("a", "1", "pid:[2]"), ("a", "2", "")]:
        (tmp_path / "boot").write_text(boot)
        (tmp_path / "pid").unlink(missing_ok=True)
        if processes:
            (tmp_path / "pid").symlink_to(processes)
        monkeypatch.setattr(instance, "BOOT", str(tmp_path / "boot"))
        monkeypatch.setattr(instance, "PROCESSES", str(tmp_path / "pid"))
        monkeypatch.setattr(os, "uname", lambda name=name: os.uname_result(("Linux", name, "6", "", "x86_64")))
        seen.add(words()["instance"])
        assert words()["instance"] == words()["instance"]
    assert len(seen) == 5


def test_cores_of_the_same_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 7}, raising=False)
    told = words(WEBSITE_INSTANCE_ID=ID)
    assert told["cores"] == "83"
    assert told["machine"] == words(WEBSITE_INSTANCE_ID="another")["machine"]


def test_a_system_that_does_not_tell_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(instance, "BOOT", str(tmp_path / "missing"))
    assert list(words(WEBSITE_INSTANCE_ID=ID)) == ["instance"]
