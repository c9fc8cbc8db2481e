"""deploy/kubernetes, as far as it can be tried without a cluster: schemas, and the commands that the operator runs."""

from __future__ import annotations

import copy
import json
import re
import shlex
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from gunicorn_slots import health
from tests.bed import ROOT, free_port
from tests.bed.cores import cores
from tests.bed.gunicorn import Server, gunicorn
from tests.bed.locust import LOCUSTFILES, environment
from tests.bed.programs import ended, program
from tests.bed.waiting import wait_for
from tests.deploy.files import KUBERNETES, problems, rendered

VERSION = "1.37"  # of Kubernetes
OBJECTS = {one["kind"]: one for one in rendered(KUBERNETES)}
POD = OBJECTS["Deployment"]["spec"]["template"]["spec"]
CONTAINER = POD["containers"][0]
TEST = OBJECTS["LocustTest"]


def refused(document: dict[str, Any]) -> str | None:
    """Why Kubernetes would not take an object of its own kinds; None if it would. Unknown keys count, too."""
    try:
        kubernetes_validate.validate(document, VERSION, strict=True)
    except kubernetes_validate.ValidationError as error:
        return str(error.message)
    return None


def test_everything_is_there() -> None:
    assert set(OBJECTS) == {"Deployment", "Service", "HorizontalPodAutoscaler", "LocustTest", "ConfigMap"}


@pytest.mark.parametrize("kind", sorted(set(OBJECTS) - {"LocustTest"}))
def test_kubernetes_takes_it(kind: str) -> None:
    assert refused(OBJECTS[kind]) is None


def test_the_operator_takes_it() -> None:
    assert problems(TEST, "locusttest.yaml") == []


def changed(document: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy with one value changed or added."""
    made = copy.deepcopy(document)
    *outer, last = path.split(".")
    inner = made
    for name in outer:
        inner = inner[int(name)] if isinstance(inner, list) else inner[name]
    inner[last] = value
    return made


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec.locustfile.configMap.key", "scenarios.py"),  # in Locust's documentation, and nowhere else
        ("spec.host", "http://my-app"),
        ("spec.workers", 0),
        ("spec.workers", "3"),
        ("spec.args", ["--headless"]),
        ("spec.image_pull_policy", "Always"),
        ("spec.imagePullPolicy", "always"),
        ("spec.locustfile.content", "import locust"),
        ("spec.worker.replicas", 3),
        ("spec.env", [{"name": "A", "valueFrom": {}}]),
        ("apiVersion", "locust.cloud/v1"),
        ("metadata.name", "Load_Test"),
        ("metadata.name", "x" * 57),
    ],
)
def test_what_the_operator_would_drop_or_refuse(path: str, value: object) -> None:
    assert problems(changed(TEST, path, value), "locusttest.yaml")


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Deployment", "spec.template.spec.containers.0.readinessprobe", {}),
        ("Deployment", "spec.template.spec.containers.0.image", 3),
        ("HorizontalPodAutoscaler", "spec.targetCPUUtilizationPercentage", 70),  # of autoscaling/v1
        ("Service", "spec.ports", [{"name": "http"}]),
        ("ConfigMap", "data", {"a.py": 1}),
    ],
)
def test_what_kubernetes_would_refuse(kind: str, path: str, value: object) -> None:
    assert refused(changed(OBJECTS[kind], path, value))


@pytest.mark.process
def test_kustomize_says_the_same() -> None:
    """Where there is a kubectl, which has kustomize in it; the reader in files.py knows what is used here, no more."""
    if shutil.which("kubectl"):
        done = ended(["kubectl", "kustomize", str(KUBERNETES)])
        assert done.returncode == 0, done.stderr
        assert {one["kind"]: one for one in yaml.safe_load_all(done.stdout)} == OBJECTS


# --- the parts fit together ---------------------------------------------------------------------------


def test_the_config_map_has_all_of_locustfiles() -> None:
    """A new file has to be named in locustfiles/kustomization.yaml: kustomize knows no `*.py`."""
    files = {path.name for pattern in ("*.py", "web/*") for path in LOCUSTFILES.glob(pattern)}
    assert set(OBJECTS["ConfigMap"]["data"]) == files
    assert all(re.fullmatch(r"[-._a-zA-Z0-9]+", name) for name in files)
    assert len(json.dumps(OBJECTS["ConfigMap"]).encode()) < 2**20
    assert "apply --server-side -k" in (KUBERNETES / "kustomization.yaml").read_text()  # as its annotation is limited


def test_names_lead_somewhere() -> None:
    labels = OBJECTS["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert OBJECTS["Deployment"]["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert OBJECTS["Service"]["spec"]["selector"].items() <= labels.items()
    ports = {port["name"]: port["containerPort"] for port in CONTAINER["ports"]}
    assert ports == {OBJECTS["Service"]["spec"]["ports"][0]["targetPort"]: 8000}
    for probe in ("startupProbe", "readinessProbe"):
        *python, check = CONTAINER[probe]["exec"]["command"]
        assert python == ["python", "-I"]
        assert (ROOT / check).is_file()
        assert CONTAINER[probe]["timeoutSeconds"] > health.SECONDS
    target = OBJECTS["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Deployment", OBJECTS["Deployment"]["metadata"]["name"])
    assert TEST["spec"]["locustfile"]["configMap"]["name"] == OBJECTS["ConfigMap"]["metadata"]["name"]
    arguments = shlex.split(TEST["spec"]["args"])
    assert arguments[arguments.index("--locustfile") + 1] in OBJECTS["ConfigMap"]["data"]
    assert arguments[arguments.index("--host") + 1] == f"http://{OBJECTS['Service']['metadata']['name']}"
    assert int(arguments[arguments.index("--expect-workers") + 1]) == TEST["spec"]["workers"]


def test_the_image_is_the_one_of_compose() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert TEST["spec"]["image"] == compose["services"]["locust"]["image"]


def test_a_stop_is_longer_than_gunicorns() -> None:
    pause = int(CONTAINER["lifecycle"]["preStop"]["exec"]["command"][1])
    assert POD["terminationGracePeriodSeconds"] > pause + 30


# --- what runs there ----------------------------------------------------------------------------------


def injected(name: str, port: int) -> dict[str, str]:
    """What Kubernetes tells each container of a Service, unless enableServiceLinks is off."""
    prefix, host = name.upper().replace("-", "_"), "10.0.0.7"
    address = f"tcp://{host}:{port}"
    return {
        f"{prefix}_SERVICE_HOST": host,
        f"{prefix}_SERVICE_PORT": str(port),
        f"{prefix}_PORT": address,
        f"{prefix}_PORT_{port}_TCP": address,
        f"{prefix}_PORT_{port}_TCP_PROTO": "tcp",
        f"{prefix}_PORT_{port}_TCP_PORT": str(port),
        f"{prefix}_PORT_{port}_TCP_ADDR": host,
    }


@pytest.mark.load
def test_the_operators_commands_explain_a_run(tmp_path: Path) -> None:
    """The operator mounts the ConfigMap as Locust's home, and gives master and workers the same arguments."""
    for name, text in OBJECTS["ConfigMap"]["data"].items():
        (tmp_path / name).write_text(text)
    variables = {entry["name"]: entry["value"] for entry in CONTAINER["env"]}
    services = injected("my-app", 80) | injected("load-master", 5557) | injected("load-webui", 8089)
    for _ in range(3):  # other work on the machine can take the CPU from one
        with gunicorn(environ=variables, pin=cores()[0]) as server, ExitStack() as workers:
            log = follow(server, tmp_path, services, workers)
        if "Verdict: healthy" in log:
            break
    assert "Verdict: healthy" in log, log
    assert "3 workers × 6 threads (SlotWorker) = 18 slots" in log


def follow(server: Server, home: Path, services: dict[str, str], workers: ExitStack) -> str:
    """Start what the operator starts, with the two options that end a run by itself, and return the master's log."""
    port = str(free_port())
    names = {"LOCUST_MASTER_BIND_PORT": port, "LOCUST_MASTER_NODE_PORT": port, "PYTHONPATH": ""}
    given = {entry["name"]: entry["value"] for entry in TEST["spec"]["env"]}
    environ = environment(services | given | names)
    here = TEST["spec"]["args"].replace("http://my-app", server.url).replace("--users 36", "--users 12")
    arguments = [*shlex.split(here), "--headless", "--run-time", "4s"]
    locust = [sys.executable, "-m", "locust"]
    log = home.parent / "master.log"
    master = workers.enter_context(
        program([*locust, "--master", *arguments], environ, cwd=home, pin=cores()[1], log=log)
    )
    for _ in range(TEST["spec"]["workers"]):
        worker = [*locust, "--worker", "--master-host", "127.0.0.1", *arguments]
        workers.enter_context(program(worker, environ, cwd=home, pin=cores()[1]))
    wait_for(lambda: master.poll() is not None, 40, "the end of the run")
    return log.read_text(encoding="utf-8")
