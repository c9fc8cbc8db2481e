"""Projects of somebody else: an app that waits, and what is copied into its folder."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.bed import ROOT

# Not of this repository's names, no Flask, one route that waits half a second, and one that hangs.
APP = """
import time

def app(environ, start_response):
    time.sleep({"/wait": 0.5, "/hang": 900}.get(environ["PATH_INFO"], 0))
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"shop\\n"]
"""
WAIT = "/wait"


def project(folder: Path, module: str = "app") -> Path:
    """Make a project whose only file is its app."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{module}.py").write_text(APP, encoding="utf-8")
    return folder


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write files, by their paths in the folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def copy(folder: Path, *names: str) -> None:
    """Copy files and folders of this repository into it, as a person would."""
    for name in names:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder)
