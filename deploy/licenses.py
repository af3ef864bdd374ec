"""Every library that is installed, with its licence, as `docs/licenses.md`: `make licenses`.

python -m deploy.licenses            writes the page
python -m deploy.licenses --sbom F   writes a CycloneDX list of components, too
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "licenses.md"
HEAD = ROOT / "deploy" / "licenses_head.md"  # what persons looked at


def locked(*extras: str) -> list[tuple[str, str]]:
    """Names and versions that the lock installs, without the tools of development."""
    command = ["uv", "export", "--locked", "--no-dev", "--no-hashes", "--no-emit-project", "--quiet", *extras]
    command[0] = str(Path(sys.executable).parent / "uv")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603  ours
    lines = (line.partition(";")[0].strip() for line in done.stdout.splitlines())
    pairs = (line.partition("==") for line in lines if "==" in line and not line.startswith("#"))
    return sorted({(name.lower(), version) for name, _, version in pairs})


def licence(package: str) -> str:
    """What a package says its licence is, in a few words."""
    try:
        told: Any = metadata(package)  # an e-mail message, which its type does not say
    except PackageNotFoundError:
        return "not installed on this platform"
    classes = [
        each.rpartition(" :: ")[2]
        for each in told.get_all("Classifier") or ()
        if each.startswith("License ::")
    ]
    said = told.get("License-Expression") or ", ".join(classes) or (told.get("License") or "").strip()
    return said.splitlines()[0][:80] if said else "says none"


def components(packages: list[tuple[str, str]]) -> dict[str, object]:
    """The packages as a CycloneDX 1.5 document."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "components": [
            {
                "type": "library",
                "name": name,
                "version": version,
                "purl": f"pkg:pypi/{name}@{version}",
                "licenses": [{"license": {"name": licence(name)}}],
            }
            for name, version in packages
        ],
    }


def main(arguments: list[str]) -> None:
    """Writes the page, and with `--sbom FILE` the list of components."""
    packages = locked()
    rows = [f"| {name} | {version} | {licence(name)} |" for name, version in packages]
    PAGE.write_text(HEAD.read_text(encoding="utf-8") + "\n".join(rows) + "\n", encoding="utf-8")
    if "--sbom" in arguments:
        target = Path(arguments[arguments.index("--sbom") + 1])
        target.write_text(json.dumps(components(packages), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
