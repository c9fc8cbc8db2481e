"""What is read of the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from explain_monitor import own_cgroup, quota, throttling


@pytest.mark.parametrize(
    ("cgroup", "files", "expected"),
    [
        (
            "0::/\n",
            {"cpu.max": "20000 100000\n", "cpu.stat": "usage_usec 5\nnr_periods 50\nnr_throttled 7\n"},
            (0.2, 50, 7),
        ),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/b/cpu.stat": "nr_periods 0\nnr_throttled 0\n"}, (0.0, 0, 0)),
        (
            "4:cpu,cpuacct:/docker/x\n1:memory:/\n",
            {
                "cpu/cpu.cfs_quota_us": "150000\n",
                "cpu/cpu.cfs_period_us": "100000\n",
                "cpu/cpu.stat": "nr_periods 9\nnr_throttled 1\nthrottled_time 5\n",
            },
            (1.5, 9, 1),
        ),
        ("4:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, (0.0, 0, 0)),
        ("garbage", {"cpu.stat": "nr_periods\nnr_periods x y\n", "cpu.max": "1 0"}, (0.0, 0, 0)),
        ("", {}, (0.0, 0, 0)),
    ],
    ids=["v2", "v2 no limit", "v1 in a container", "v1 no limit", "garbage", "nothing"],
)
def test_cgroups(tmp_path: Path, cgroup: str, files: dict[str, str], expected: tuple[float, int, int]) -> None:
    (tmp_path / "cgroup").write_text(cgroup)
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    folder = own_cgroup(str(tmp_path / "cgroup"), str(tmp_path))
    assert (quota(folder), *throttling(folder)) == expected
