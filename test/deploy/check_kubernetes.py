"""Checks manifests as a Kubernetes with the Dask operator would take them; prints one line for each complaint.

python check_kubernetes.py FILE... -- a DaskCluster is held against the operator's own resource definition, and what the
operator would make of it (Deployments, a Service) against the schemas of Kubernetes, as are all other manifests.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import dask_kubernetes
import jsonschema
import kubernetes_validate.utils
import yaml
from dask_kubernetes.operator.controller import controller

OPERATOR = Path(dask_kubernetes.__file__).parent / "operator"
CRDS = OPERATOR / "deployment" / "helm" / "dask-kubernetes-operator" / "crds"
# The oldest and the newest Kubernetes whose schemas come with kubernetes-validate.
KUBERNETES = [kubernetes_validate.utils.all_versions()[0], kubernetes_validate.utils.latest_version()]


def strict(schema: Any) -> None:
    """Kubernetes drops unknown fields silently; here they are errors."""
    if isinstance(schema, dict):
        kept = schema.get("x-kubernetes-preserve-unknown-fields", False)
        if "properties" in schema and not kept:
            schema.setdefault("additionalProperties", False)
        for part in schema.values():
            strict(part)
    elif isinstance(schema, list):
        for part in schema:
            strict(part)


def against_crd(manifest: dict[str, Any]) -> list[str]:
    crd = yaml.safe_load((CRDS / f"{manifest['kind'].lower()}.yaml").read_text())
    version = next(each for each in crd["spec"]["versions"] if each["served"])
    group = f"{crd['spec']['group']}/{version['name']}"
    if manifest["apiVersion"] != group:
        return [f"apiVersion: {manifest['apiVersion']} is not {group}"]
    schema = version["schema"]["openAPIV3Schema"]
    strict(schema)
    schema["properties"].update(apiVersion={}, kind={}, metadata={})
    errors = jsonschema.Draft202012Validator(schema).iter_errors(manifest)
    return [f"{error.json_path}: {error.message}" for error in errors]


def made_of(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """What the operator makes of a DaskCluster, by its own functions."""
    name, spec = manifest["metadata"]["name"], manifest["spec"]
    scheduler, worker = spec["scheduler"], spec["worker"]
    return [
        controller.build_scheduler_deployment_spec(name, scheduler["spec"], {}, {}),
        controller.build_scheduler_service_spec(name, scheduler["service"], {}, {}),
        controller.build_worker_deployment_spec(f"{name}-default", "default", name, "0", worker["spec"], {}, {}),
    ]


def against_kubernetes(manifest: dict[str, Any]) -> list[str]:
    problems = []
    for version in KUBERNETES:
        try:
            kubernetes_validate.utils.validate(manifest, version, strict=True)
        except kubernetes_validate.utils.ValidationError as error:
            problems.append(f"{manifest['kind']} in Kubernetes {version}: {error.json_path}: {error.message}")
    return problems


def main() -> None:
    made: list[dict[str, Any]] = []
    problems: list[str] = []
    for file in sys.argv[1:]:
        for manifest in yaml.safe_load_all(Path(file).read_text()):
            if manifest["apiVersion"].startswith("kubernetes.dask.org/"):
                found = against_crd(manifest)
                # Not of a manifest that the operator would never see.
                objects = made_of(manifest) if not found else []
            else:
                found, objects = [], [manifest]
            made += objects
            problems += found + [problem for each in objects for problem in against_kubernetes(each)]
    print(json.dumps({"kubernetes": KUBERNETES, "problems": problems, "objects": made}))


if __name__ == "__main__":
    main()
