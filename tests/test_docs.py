"""Links lead somewhere, no text names a file that a clone does not have, and the workflow may only read."""

from __future__ import annotations

import re
import subprocess

import pytest
import yaml

from tests.bed import ROOT

PAGES = sorted(str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
TEXTS = [name for name in TRACKED if not name.endswith((".png", ".json", ".csv")) and "uPlot" not in name]
FOLDERS = sorted({name.partition("/")[0] for name in TRACKED if "/" in name} - {"reports"})
PAGE = re.compile(r"[\w./-]*\w\.md\b")
PATH = re.compile(rf"(?<![\w./-])(?:{'|'.join(map(re.escape, FOLDERS))})/[\w./-]*\w\.[a-z]\w*")
# What a sweep writes, and what tests make up.
OTHERS = {"report.md", "tests/test_x.py", "app/.env", "app/.env.local", "app/test_routes.py"}
# Its paths are below tests/.
MUTANTS = "bench/mutants.toml"


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page: str) -> None:
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\(([^)#]+)", text):
        if "://" not in target:
            assert (ROOT / page).parent.joinpath(target).exists(), target


def test_every_file_that_is_named_exists() -> None:
    missing = {}
    for name in TEXTS:
        text = (ROOT / name).read_text()
        pages = {page for page in PAGE.findall(text) if not any(one.endswith(page.lstrip("./")) for one in TRACKED)}
        known = {one.removeprefix("tests/") for one in TRACKED} if name == MUTANTS else set(TRACKED)
        missing[name] = (pages | set(PATH.findall(text)) - known) - OTHERS
    assert {name: files for name, files in missing.items() if files} == {}


def test_nothing_looks_beside_the_repository() -> None:
    """A clone has no neighbours; only CI's own script looks for one, and does without."""
    assert [name for name in TEXTS if re.search(r"\.\./shared", (ROOT / name).read_text())] == [".ci/run"]


def test_the_workflow_may_only_read() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert "permissions" not in job
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
