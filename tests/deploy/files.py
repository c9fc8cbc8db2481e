"""What is pasted elsewhere, as the programs there read it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from tests.bed import ROOT

HERE = Path(__file__).parent
KUBERNETES = ROOT / "deploy" / "kubernetes"
AZURE = ROOT / "deploy" / "azure-load-testing"


def problems(document: object, schema: str) -> list[str]:
    """What a schema of this folder has against a document, in words."""
    validator = jsonschema.Draft202012Validator(yaml.safe_load((HERE / schema).read_text()))
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


def rendered(folder: Path) -> list[dict[str, Any]]:
    """The objects that `kubectl apply -k` sends: of a kustomization's resources, and its ConfigMaps.

    Raises:
        ValueError: a file lies where kustomize does not read, or there is a key that is not looked at here.
    """
    given = yaml.safe_load((folder / "kustomization.yaml").read_text())
    if unknown := set(given) - {"apiVersion", "kind", "resources", "configMapGenerator", "generatorOptions"}:
        raise ValueError(f"{folder}: {unknown}: not known here")
    found: list[dict[str, Any]] = []
    for name in given.get("resources", []):
        path = (folder / name).resolve()
        found += rendered(path) if path.is_dir() else yaml.safe_load_all(read_below(folder, name))
    for config_map in given.get("configMapGenerator", []):
        data = {Path(name).name: read_below(folder, name) for name in config_map["files"]}
        found.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": config_map["name"]}, "data": data})
    return found


def read_below(folder: Path, name: str) -> str:
    """The text of a file, which kustomize reads only beside or below a kustomization."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError(f"{name}: kustomize reads files only below {folder}")
    return path.read_text(encoding="utf-8")


def load_test() -> dict[str, Any]:
    """The test of Azure Load Testing."""
    found: dict[str, Any] = yaml.safe_load((AZURE / "load-test.yaml").read_text())
    return found


def uploaded(folder: Path) -> Path:
    """Copy the test's files into one folder, as Azure Load Testing does, and return where the script is."""
    test = load_test()
    names = [test["testPlan"], *test["configurationFiles"], test["properties"]["userPropertyFile"]]
    for name in names:
        shutil.copy(AZURE / name, folder)
    return folder / Path(test["testPlan"]).name
