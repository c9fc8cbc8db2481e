"""vCPUs and memory of a container, read from files of both kinds of cgroup."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gunicorn_slots import cgroup as container


@pytest.mark.parametrize(
    ("files", "cgroup", "cpus"),
    [
        ({"cpu.max": "max 100000\n"}, "0::/\n", 8),
        ({"cpu.max": "150000 100000\n"}, "0::/\n", 2),
        ({"cpu.max": "50000 100000\n"}, "0::/\n", 1),
        ({"cpu.max": "900000 100000\n"}, "0::/\n", 8),
        ({"system.slice/app.service/cpu.max": "max 100000", "system.slice/cpu.max": "300000 100000"},
         "0::/system.slice/app.service\n", 3),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, "4:cpu,cpuacct:/docker/abc\n", 8),
        ({"cpu/cpu.cfs_quota_us": "250000\n", "cpu/cpu.cfs_period_us": "100000\n"}, "4:cpu,cpuacct:/docker/abc\n", 3),
        ({"cpu/pod/cpu.cfs_quota_us": "50000", "cpu/pod/cpu.cfs_period_us": "100000"}, "3:cpu:/pod\n0::/x\n", 1),
        ({"cpu.max": "rubbish"}, "0::/../..\n", 8),
        ({}, "", 8),
    ],
)  # fmt: skip
def test_quota(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, files: dict[str, str], cgroup: str, cpus: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "self").write_text(cgroup)
    assert container.available_cpus(str(tmp_path / "self"), str(tmp_path)) == cpus


@pytest.mark.parametrize(
    ("files", "kills", "limit"),
    [
        ({"memory.events": "low 0\noom 3\noom_kill 2\noom_group_kill 0\n", "memory.max": "536870912\n"}, 2, "512 MB"),
        ({"memory.events": "oom_kill 0\n", "memory.max": "max\n"}, 0, "the machine"),
        (
            {
                "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
                "memory/memory.limit_in_bytes": "268435456\n",
            },
            1,
            "256 MB",
        ),
        ({"memory/memory.limit_in_bytes": "9223372036854771712\n"}, 0, "the machine"),
        ({}, 0, "the machine"),
    ],
)
def test_memory(tmp_path: Path, files: dict[str, str], kills: int, limit: str) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert container.oom_kills(str(tmp_path)) == kills
    assert container.memory_limit(str(tmp_path)) == limit
