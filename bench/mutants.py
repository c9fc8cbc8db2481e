"""Takes each protection out of a copy of this project, and looks whether a test fails: `python -m bench.mutants`.

A test that cannot fail shows nothing. What is taken out and what fails then goes into docs/reliability.md.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click
import tomllib

from bench.reliability import FIGURES, PAGE, load
from bench.report import fill, save, table
from bench.taking_out import without_code, without_entry, without_line
from tests.bed import ROOT, clean_environ

MARK = "make mutants"
# .git is: it knows what a clone has, which some tests make.
NOT_COPIED = shutil.ignore_patterns(".venv*", "__pycache__", ".*_cache", ".hypothesis")
SECONDS = 300


@dataclass(frozen=True)
class Mutant:
    """This project without one protection.

    Attributes:
        without: the protection.
        tests: pytest's arguments that choose the tests of it; the files are below tests/.
        where: the file that it is in, or a folder with that file.
        name: the qualified name that it is in, or that it is.
        entry: the path of an entry of YAML that it is.
        line: the line of another file that it is.
        old: the code in `name`; "" for all of it.
        new: what stands there instead; "" for nothing.
    """

    without: str
    tests: str
    where: str = "gunicorn_slots"
    name: str = ""
    entry: str = ""
    line: str = ""
    old: str = ""
    new: str = ""

    def changed(self) -> tuple[Path, str]:
        """Return the file that the protection is in, and its text without it.

        Raises:
            ValueError: what is to be taken out is not there, or more than once.
        """
        place = ROOT / self.where
        if self.entry:
            return place, without_entry(place, self.entry, self.new)
        if self.line:
            return place, without_line(place, self.line, self.new)
        return without_code(place, self.name, self.old, self.new)

    def failures(self, taken_out: bool = True) -> list[str]:
        """Run the tests without the protection, or with it; return the names of those that fail, and why.

        Raises:
            RuntimeError: they could not be run.
        """
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "mutant"
            shutil.copytree(ROOT, root, ignore=NOT_COPIED)
            if taken_out:
                path, text = self.changed()
                (root / path.relative_to(ROOT)).write_text(text, encoding="utf-8")
            tests = [f"tests/{word}" if word.endswith(".py") else word for word in shlex.split(self.tests)]
            done = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-rf", "--tb=no", "--fail-on-skip", *tests],
                cwd=root,
                env=clean_environ({"COLUMNS": "300", "PYTEST_XDIST_TESTRUNUID": ""}),  # a run of its own
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        if done.returncode not in (0, 1) or (done.returncode and not taken_out):  # 1: some failed
            raise RuntimeError(f"pytest {self.tests} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return re.findall(r"^FAILED \S+?::(.+)", done.stdout, re.MULTILINE)


def mutants() -> list[Mutant]:
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return [Mutant(**entry) for entry in tomllib.loads(text)["mutant"]]


def render(found: dict[str, list[str]]) -> str:
    """Return the table of what fails without each protection."""
    rows = [[without, ", ".join(f"`{test}`" for test in tests) or "**nothing**"] for without, tests in found.items()]
    return table(["without", "these fail"], rows)


@click.command()
@click.option("-k", "word", default="", help="Only those whose protection has this in its name.")
def main(word: str) -> None:
    """Take each protection out in turn; exit status 1 if no test fails without one of them."""
    everything = mutants()
    chosen = [mutant for mutant in everything if word in mutant.without]
    if not chosen:
        raise click.BadParameter(f"{word!r} is in the name of none, expected part of one's name", param_hint="-k")
    for mutant in {mutant.tests: mutant for mutant in chosen}.values():
        mutant.failures(taken_out=False)  # else a test that fails anyway would seem to notice
    missed = False
    for mutant in chosen:
        failed = mutant.failures()
        click.echo("\n    ".join([f"without {mutant.without}: {len(failed) or 'NOTHING'} failed", *failed]))
        keep(everything, mutant, list(dict.fromkeys(re.split(r"[\[ ]", line)[0] for line in failed)))
        missed = missed or not failed
    sys.exit(missed)


def keep(everything: list[Mutant], mutant: Mutant, failed: list[str]) -> None:
    """Write which tests fail without a protection; those that were not tried this time keep what they had."""
    figures = load()
    known = {**figures.get("mutants", {}), mutant.without: failed}
    known = {one.without: known[one.without] for one in everything if one.without in known}
    save(FIGURES, figures | {"mutants": known})
    fill(PAGE, MARK, render(known))


if __name__ == "__main__":
    main()
