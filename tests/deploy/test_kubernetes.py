"""deploy/kubernetes: against Kubernetes' own schemas, ECK's, and Airflow's chart where one is at hand."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

sys.path.insert(0, str(Path(__file__).parent))
from compose_file import ROOT, distributed

from deploy import elasticsearch, env

pytestmark = pytest.mark.slow

FOLDER = ROOT / "deploy" / "kubernetes"
VALUES = yaml.safe_load((FOLDER / "airflow.yaml").read_text())
# Schemas of Kubernetes, and what checks by them, in an environment of their own.
_SCHEMAS = ["--with", "kubernetes-validate==1.37.0"]
KUBERNETES = ("1.30", "1.37")
ECK = "github.com/elastic/cloud-on-k8s/v3@v3.5.0"
_CHECK = """
import json, sys
import kubernetes_validate as kubernetes

faults = []
for each in json.load(sys.stdin):
    for release in sys.argv[1:]:
        try:
            kubernetes.validate(each, release, strict=True)
        except Exception as error:
            faults.append(f"{each['kind']} {each['metadata'].get('name')} by {release}: {str(error)[:500]}")
print(json.dumps(faults))
"""


def objects(name):
    """The objects of a file."""
    for document in yaml.safe_load_all((FOLDER / name).read_text()):
        yield from document["items"] if document["kind"] == "List" else [document]


def faults(found):
    """What Kubernetes would not take, key by key."""
    uv = str(Path(sys.executable).with_name("uv"))
    ask = [uv, "run", "--quiet", "--isolated", "--no-project", *_SCHEMAS, "python", "-c", _CHECK, *KUBERNETES]
    done = subprocess.run(
        ask, input=json.dumps(list(found), default=str), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_our_own_objects_are_what_kubernetes_takes():
    assert faults(objects("wirewatch.yaml")) == []
    (job, *_) = objects("wirewatch.yaml")
    job["spec"]["template"]["spec"]["container"] = []
    assert "container" in faults([job])[0]


def closed(schema):
    """The schema, with every key that it does not name forbidden."""
    if not isinstance(schema, dict):
        return schema
    made = {
        key: {name: closed(each) for name, each in value.items()} if key == "properties" else closed(value)
        for key, value in schema.items()
    }
    keeps = schema.get("x-kubernetes-preserve-unknown-fields")
    if "properties" in made and not keeps:
        made.setdefault("additionalProperties", False)
    return made


@pytest.fixture(scope="module")
def operator() -> dict[tuple[str, Any], Any]:
    """The schema of each kind that the operator of Elastic knows, from its Go module."""
    go = shutil.which("go")
    if not go:
        pytest.skip("no Go here, which brings the operator's schemas")
    ask = [go, "mod", "download", "-json", ECK]
    done = subprocess.run(ask, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr
    file = Path(json.loads(done.stdout)["Dir"]) / "config" / "crds" / "v1" / "all-crds.yaml"
    found = {}
    for each in yaml.safe_load_all(file.read_text()):
        for one in each["spec"]["versions"]:
            schema = closed(one["schema"]["openAPIV3Schema"])
            schema.get("properties", {})["metadata"] = {}  # closed above; Kubernetes knows what is in it
            found[f"{each['spec']['group']}/{one['name']}", each["spec"]["names"]["kind"]] = schema
    return found


def test_elasticsearch_and_kibana_are_what_their_operator_takes(operator):
    pods = []
    for each in objects("elastic.yaml"):
        check = Draft202012Validator(operator[each["apiVersion"], each["kind"]])
        assert [error.message for error in check.iter_errors(each)] == []
        wrong = {**each, "spec": {**each["spec"], "cuont": 1}}
        assert not check.is_valid(wrong)
        # The operator leaves templates of pods open: they are what Kubernetes takes, but for the image.
        for part in each["spec"].get("nodeSets", [each["spec"]]):
            spec = part["podTemplate"]["spec"]
            for container in (*spec["containers"], *spec.get("initContainers", ())):
                container.setdefault("image", "the-operators-own")
            pods.append(
                {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": each["kind"].lower()}, "spec": spec}
            )
    assert len(pods) == 2
    assert faults(pods) == []


def test_versions_are_those_of_everything_else():
    assert VALUES["airflowVersion"] == version("apache-airflow")
    image = VALUES["images"]["airflow"]
    ours = {
        container["image"]
        for each in objects("wirewatch.yaml")
        if "template" in each["spec"]
        for container in each["spec"]["template"]["spec"]["containers"]
    }
    assert ours == {f"{image['repository']}:{image['tag']}"}
    assert image["tag"] == version("wirewatch")
    tag = distributed()["elasticsearch"]["image"].rpartition(":")[2]
    assert {each["spec"]["version"] for each in objects("elastic.yaml")} == {tag}


def test_airflow_is_set_as_in_the_compose_files():
    scheduler = distributed()["airflow-scheduler"]["environment"]
    for section, keys in VALUES["config"].items():
        for key, value in keys.items():
            name = f"AIRFLOW__{section.upper()}__{key.upper()}"
            if name in scheduler and "$" not in scheduler[name]:
                assert str(value) == scheduler[name], name
    assert {"core", "celery", "scheduler"} <= set(VALUES["config"])
    ours = {each["name"] for each in VALUES["env"] if each["name"].startswith("WIREWATCH_")}
    told = (ROOT / "docs" / "operating.md").read_text()
    assert {name for name in ours if name not in told} == set()


def test_every_secret_and_setting_that_is_asked_for_is_made_by_the_page():
    """The page's commands make each, and the operator the rest."""
    text = "".join((FOLDER / name).read_text() for name in ("airflow.yaml", "wirewatch.yaml"))
    asked = set(re.findall(r"[sS]ecretName: ([\w-]+)", text))
    asked |= set(re.findall(r"(?:secretKeyRef|secretRef|configMap): (?:&\w+ )?\{name: ([\w-]+)", text))
    asked |= {VALUES[key] for key in VALUES if key.endswith("SecretName")}
    page = (ROOT / "docs" / "operating.md").read_text()
    made = set(re.findall(r"create (?:secret generic|configmap) ([\w-]+)", page))
    by_operator = {
        "wirewatch-es-elastic-user",
        "wirewatch-es-http-certs-public",
        "wirewatch-kb-http-certs-public",
    }
    assert asked - by_operator == made
    keys = set(re.findall(r"key: ([A-Z_]+)", text))
    assert keys <= set(env.SECRETS)
    assert set(elasticsearch.SECRETS) - {"ELASTIC_PASSWORD"} <= keys


def test_the_chart_of_airflow_takes_the_values():
    """AIRFLOW_CHART names the folder or file of the chart; helm is on the path."""
    chart, helm = os.environ.get("AIRFLOW_CHART"), shutil.which("helm")
    if not chart or not helm:
        pytest.skip("no AIRFLOW_CHART, or no helm")
    ask = [helm, "template", "airflow", chart, "--namespace", "wirewatch", "-f", str(FOLDER / "airflow.yaml")]
    done = subprocess.run(ask, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    made = [each for each in yaml.safe_load_all(done.stdout) if each]
    assert faults(made) == []
    pods = {
        each["metadata"]["name"]: each["spec"]["template"]["spec"]
        for each in made
        if each["kind"] in ("Deployment", "StatefulSet", "Job")
    }
    image = f"{VALUES['images']['airflow']['repository']}:{VALUES['images']['airflow']['tag']}"
    for part in ("api-server", "scheduler", "dag-processor", "worker"):
        (container,) = pods[f"airflow-{part}"]["containers"]
        assert container["image"] == image
        given = {each["name"] for each in container["env"]}
        assert {
            "WIREWATCH_ARCHIVE",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC",
            "AIRFLOW__CORE__FERNET_KEY",
        } <= given
        assert {"/config", "/elasticsearch"} <= {each["mountPath"] for each in container["volumeMounts"]}
        assert {"secretRef": {"name": "wirewatch"}} in container["envFrom"]
    assert not [name for name in pods if "postgres" in name or "statsd" in name]
