"""Bad options through the real command line, in this process: each is one line, before anything is started."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import msgspec
import pytest

from sweep import again, cli
from sweep.folder import create, load
from sweep.options import Options
from tests.sweep import samples

HERE = Path(__file__).parent


@pytest.mark.process
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
        ("--instances 0", "--instances=0: expected a whole number from 1 to 100"),
        ("--instances 2.5", "--instances=2.5: expected a whole number from 1 to 100"),
        ("--seconds 0", "--seconds=0: expected a number from 1"),
        ("--seconds nan", "--seconds=nan: expected a number"),
        ("--max-p95 0", "--max-p95=0: expected a number"),
        ("--start-seconds x", "--start-seconds=x: expected a number"),
        ("--seed x", "--seed=x: expected a whole number"),
        ("--plan B9", "--plan=B9: expected one of B1, B2"),
        ("--plan P5mv3", "--plan=P5mv3: has 32 vCPU"),
        ("--scenario nope", "--scenario=nope: expected one of io_bound, cpu_bound, mixed, story, or a locustfile"),
        ("--pause 3-1", "--pause=3-1: expected seconds, for instance 2, or from the shortest to the longest, 1-3"),
        ("--pause 1s", "--pause=1s: expected seconds"),
        ("--pause ''", "--pause=: expected seconds"),
        ("--rps 0", "--rps=0: expected a number from 0.01 to 100000"),
        ("--rps nan", "--rps=nan: expected a number"),
        ("--rps 40 --users 36", "--users=36: expected none with arrivals, for which users are added as needed"),
        ("--rps 40 --pause 2", "--pause=2: expected none with arrivals"),
        ("--rps 40 --instances 3", "--instances=3: expected 1 with arrivals, of which each instance gets its part"),
        ("--find-limit", "--find-limit=: expected a limit with it: --max-p95=MS, --max-fail-ratio=SHARE, or both"),
        ("--find-limit --max-p95 300 --rps 40", "--rps=40.0: expected none with --find-limit, which finds the rate"),
        ("--max-fail-ratio 2", "--max-fail-ratio=2: expected a number from 0 to 1"),
        ("--max-fail-ratio nan", "--max-fail-ratio=nan: expected a number"),
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


@pytest.mark.process
@pytest.mark.parametrize(
    ("plan", "args", "told"),
    [
        ("B9", "", "B9: expected one of B1, B2"),
        ("P5mv3", "", "P5mv3: has 32 vCPU"),
        ("B9", "--plan P4mv3", "P4mv3: has 16 vCPU"),
    ],
)
def test_the_env_file_of_a_plan_names_it_for_the_sweep(
    plan: str, args: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SWEEP_PLAN", plan)
    assert cli.main(shlex.split(args)) == 2
    assert told in capsys.readouterr().err


@pytest.mark.process
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


@pytest.mark.parametrize("given", [{"rps": 40.0}, {"find_limit": True, "max_p95": 300.0}], ids=["a rate", "a limit"])
def test_the_command_repeats_a_sweep_of_arrivals(given: dict[str, float]) -> None:
    """Without a number of users, which would be refused."""
    words = shlex.split(again.command(Options.of(seed=7, **given), {}))
    assert "--users" not in words
    with cli.cli.make_context("sweep", words[3:]) as context:
        assert {name: context.params[name] for name in given} == given


def test_the_command_repeats_the_sweep() -> None:
    options = Options.of(
        workers=(1, 3),
        threads=(6,),
        users=18,
        max_p95=250.0,
        max_fail_ratio=0.01,
        pause="1-3",
        gunicorn={"preload_app": "true", "max_requests": "100"},
        seed=7,
        share_cores=True,
    )
    words = shlex.split(again.command(options, {}))
    with cli.cli.make_context("sweep", words[3:]) as context:
        given = {name: value for name, value in context.params.items() if value not in (None, False)}
    assert given.pop("out") == Path("reports") / "again"
    given["gunicorn"] = dict(given["gunicorn"])
    assert Options.of(**given) == options


def test_lists_and_names_are_read_in_any_order_and_spelling() -> None:
    with cli.cli.make_context("sweep", ["--workers", "3, 1,3", "--gunicorn", "Max-Requests= 100"]) as context:
        assert context.params["workers"] == (1, 3)
        assert context.params["gunicorn"] == (("max_requests", "100"),)


def test_options_survive_a_sweep_json(tmp_path: Path) -> None:
    options = Options.of(workers=(1, 2), threads=(6,), gunicorn={"preload_app": "true"}, seconds=4.0)
    create(tmp_path / "sweep", samples.info(**msgspec.structs.asdict(options)))
    assert load(tmp_path / "sweep").info.options == options


def test_help_has_the_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    out = capsys.readouterr().out
    for option, default in (("--users", "36"), ("--scenario", "io_bound"), ("--plan", "B1"), ("--repeats", "3")):
        about = out[out.index(f"  {option} ") :]
        assert re.match(rf".{{,90}}\[default: \(?{default}", " ".join(about.split()))


def test_options_given_again_are_those_of_the_sweep(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = samples.sweep(tmp_path / "sweep", [(1, 6)], about=samples.info(workers=(1,), threads=(6, 18))).folder
    for args, told in (
        ("--users 18", "--users=18: expected 36, as the sweep in"),
        ("--threads 6", "--threads=6: expected 6,18, as the sweep in"),
        ("--gunicorn timeout=3", "--gunicorn=timeout=3: expected none, as the sweep in"),
    ):
        assert cli.main(["--resume", "--out", str(folder), *args.split()]) == 2
        err = capsys.readouterr().err
        assert err.startswith(f"sweep: {told} {folder} has it, or no --resume")
        assert err.count("\n") == 1


def test_what_a_sweep_needs_may_be_gone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    about = samples.info(scenario=str(tmp_path / "gone.py"))
    folder = samples.sweep(tmp_path / "sweep", [(1, 6)], about=about).folder
    assert cli.main(["--resume", "--out", str(folder)]) == 2
    told = f"sweep: --scenario={tmp_path / 'gone.py'}: expected one of io_bound, cpu_bound, mixed, story, or a"
    assert capsys.readouterr().err.startswith(told)
