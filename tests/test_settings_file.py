"""`config/settings.yaml` names every setting with its default, so that a reader can believe it."""

import re
from pathlib import Path

import pytest
import yaml

from pipeline.errors import ConfigError
from pipeline.settings import SettingsFile, load_settings

FILE = Path(__file__).parents[1] / "config" / "settings.yaml"


def switched_on():
    """What the file says when the # before each key is taken away."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return "\n".join(line[1:] for line in lines if re.match(r"#(  )?[a-z_]+:", line))


def test_every_setting_is_in_the_file_with_its_default():
    written = SettingsFile.model_validate(yaml.safe_load(switched_on()))
    assert written.model_dump() == SettingsFile().model_dump()
    # Equal is not enough: a key that is missing has its default, too.
    given = yaml.safe_load(switched_on())
    known = SettingsFile().model_dump(mode="json", by_alias=True)
    assert {key: sorted(value) if isinstance(value, dict) else value for key, value in given.items()} == {
        key: sorted(value) if isinstance(value, dict) else value for key, value in known.items()
    }


def test_the_file_as_it_is_changes_nothing():
    assert yaml.safe_load(FILE.read_text(encoding="utf-8")) is None
    assert load_settings(FILE.parent, {}).mail == SettingsFile().mail


@pytest.mark.parametrize("line", [*FILE.read_text(encoding="utf-8").splitlines(), ""])
def test_a_line_is_prose_or_a_key(line):
    assert re.match(r"#(  )?[a-z_]+: ?\S*|#( {1}| {2}# )\S|$", line), line
    assert len(line) <= 110


def test_a_base_that_is_not_there_is_told_of_the_file_that_names_it(tmp_path):
    (tmp_path / "settings.yaml").write_text("base: ../elsewhere\n")
    with pytest.raises(ConfigError, match=r"settings\.yaml: base: there is no folder .*/elsewhere$"):
        load_settings(tmp_path, {})
