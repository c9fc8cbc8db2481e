"""Bad options through the real command line, in this process: each is one line, before anything is started."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path

import pytest

from plans import Plan
from sweep import cli, machine
from sweep.options import Options, parse

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ("--users 0", "--users=0: expected a whole number from 1 to 10000"),
        ("--users 1e9", "--users=1e9: expected a whole number"),
        ("--users 1000000000", "--users=1000000000: expected a whole number"),
        ("--users ''", "--users=: expected a whole number"),
        ("--users -3", "--users=-3: expected a whole number"),
        ("--workers ''", "--workers=: expected whole numbers from 1 to 128"),
        ("--workers 0", "--workers=0: expected whole numbers"),
        ("--workers 1,,2", "--workers=1,,2: expected whole numbers"),
        ("--threads 1,x", "--threads=1,x: expected whole numbers"),
        ("--threads 100000", "--threads=100000: expected whole numbers"),
        ("--repeats 0", "--repeats=0: expected"),
        ("--seconds 0", "--seconds=0: expected a number from 1"),
        ("--seconds nan", "--seconds=nan: expected a number"),
        ("--max-p95 0", "--max-p95=0: expected a number"),
        ("--start-seconds x", "--start-seconds=x: expected a number"),
        ("--seed x", "--seed=x: expected a whole number"),
        ("--plan B9", "--plan=B9: expected one of B1, B2"),
        ("--plan P5mv3", "--plan=P5mv3: has 32 vCPU"),
        ("--scenario nope", "--scenario=nope: expected one of io_bound, cpu_bound, mixed, or a locustfile"),
        ("--chdir /nope", "--chdir=/nope: expected a folder that is there"),
        ("--app 'a b'", "--app=a b: expected MODULE:NAME"),
        ("--app nope:app", "app=nope:app: expected MODULE:NAME with a module in"),
        ("--python /nope", "--python=/nope: expected a Python that can be run"),
        ("--python /bin/true", "--python=/bin/true: expected a Python that has gunicorn"),
        ("--gunicorn preload", "--gunicorn=preload: expected SETTING=VALUE"),
        ("--gunicorn tmeout=3", "--gunicorn=tmeout=3: expected a setting that gunicorn has: did you mean timeout?"),
        ("--gunicorn timeout=abc", "GUNICORN_TIMEOUT=abc: expected a whole number"),
        ("--gunicorn workers=3", "--gunicorn=workers=3: expected no workers: that is for --workers"),
        ("--gunicorn bind=0.0.0.0:80", "--gunicorn=bind=0.0.0.0:80: expected bind=127.0.0.1:PORT"),
        ("--gunicorn bind=127.0.0.1:0", "--gunicorn=bind=127.0.0.1:0: expected bind=127.0.0.1:PORT"),
        ("--gunicorn daemon=true", "--gunicorn=daemon=true: expected no daemon"),
        ("--out /dev/null/x", "--out=/dev/null/x: expected a folder that can be written to"),
        ("--resume --out /nope", "/nope: expected the folder of a sweep"),
        ("--bogus", "No such option"),
        ("report /nope", "/nope: expected the folder of a sweep"),
        ("compare /nope /nope", "/nope: expected the folder of a sweep"),
        ("report", "Missing argument 'DIR'"),
        ("frobnicate", "No such command 'frobnicate'"),
    ],
    ids=lambda value: value if value.startswith(("-", "r", "c", "f")) else "",
)
def test_a_bad_option_is_one_line(args: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(shlex.split(args)) == 2
    out, err = capsys.readouterr()
    assert told in err
    assert err.count("\n") == 1
    assert err.startswith("sweep: ")
    assert not out


@pytest.mark.parametrize("option", ["--scenario", "--chdir", "--out", "--python"])
def test_a_path_that_no_system_takes_is_one_line(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([option, "/" + "x" * 5000]) == 2
    err = capsys.readouterr().err
    assert f"{option}=/xxx" in err
    assert err.count("\n") == 1


def test_nor_is_there_a_sweep_to_go_on_with(capsys: pytest.CaptureFixture[str]) -> None:
    path = "/" + "x" * 5000
    assert cli.main(["--resume", "--out", path]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"sweep: {path}: expected the folder of a sweep")
    assert err.count("\n") == 1


def test_the_command_repeats_the_sweep() -> None:
    options = parse(
        {
            "workers": "3,1",
            "threads": "6",
            "users": "18",
            "max_p95": "250",
            "gunicorn": ("preload_app=true", "max-requests=100"),
            "seed": "7",
            "share_cores": True,
        }
    )
    words = shlex.split(options.command(Path("again")))
    with cli.cli.make_context("sweep", words[3:]) as context:
        given = {name: value for name, value in context.params.items() if value not in (None, False, ())}
    assert given.pop("out") == "again"
    given["gunicorn"] = tuple(given["gunicorn"])
    assert parse(given) == options


def test_options_survive_a_sweep_json() -> None:
    options = Options(workers=(1, 2), threads=(6,), gunicorn={"preload_app": "true"}, seconds=4.0)
    assert Options.from_json(options.as_json()) == options
    assert set(options.as_json()) == {field.name for field in dataclasses.fields(Options)}


PLAN1, PLAN2 = Plan("B1", 1, 1.75), Plan("P1v3", 2, 8)


@pytest.mark.parametrize(
    ("plan", "cores", "share", "expected"),
    [
        (PLAN1, [0, 1], False, ((0,), (1,))),
        (PLAN1, [0, 1], True, ((0,), (0, 1))),
        (PLAN2, [4, 5, 6, 7], False, ((4, 5), (6, 7))),
        (PLAN1, [3], True, ((3,), (3,))),
    ],
    ids=["two cores", "shared", "any cores", "one core, shared"],
)
def test_cores(plan: Plan, cores: list[int], share: bool, expected: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "siblings", lambda core: {core})
    assert machine.split(plan, cores, share) == expected


def test_locust_keeps_off_the_other_thread_of_a_physical_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "siblings", lambda core: {core // 2 * 2, core // 2 * 2 + 1})
    assert machine.split(PLAN1, [0, 1, 2, 3], False) == ((0,), (2, 3))
    assert machine.split(PLAN1, [0, 1], False) == ((0,), (1,))  # better than none


@pytest.mark.parametrize(
    ("plan", "cores", "told"),
    [
        (PLAN2, [0], "has 2 vCPU, and this machine has 1 core: expected a plan with 1 vCPU and --share-cores"),
        (PLAN2, [0, 1], "takes all of this machine's 2 cores, and none is left for Locust"),
        (PLAN1, [0], "takes all of this machine's 1 core, and none is left for Locust"),
    ],
    ids=["too few", "none left", "one core"],
)
def test_a_plan_that_the_machine_cannot_hold_is_said_with_what_to_pass(plan: Plan, cores: list[int], told: str) -> None:
    with pytest.raises(machine.CoresError) as caught:
        machine.split(plan, cores, False)
    assert told in str(caught.value)
    assert "expected" in str(caught.value)
