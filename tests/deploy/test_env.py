"""`make env`: secrets that are random, private and never overwritten."""

import base64
import os
import stat
import subprocess
import sys

import pytest

from deploy import env
from deploy.env import ROOT


def _values(path):
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_a_new_file_has_every_secret_and_is_its_owners_alone(tmp_path):
    old = os.umask(0)  # the widest umask that a user can have
    try:
        added = env.write(tmp_path / ".env")
    finally:
        os.umask(old)
    assert added == list(env.SECRETS)
    assert set(_values(tmp_path / ".env")) == set(env.SECRETS)
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_two_files_share_no_secret(tmp_path):
    for name in ("a", "b"):
        env.write(tmp_path / name)
    first, second = _values(tmp_path / "a"), _values(tmp_path / "b")
    assert not set(first.values()) & set(second.values())
    assert len(set(first.values())) == len(first)


def test_secrets_are_long_and_need_no_quoting(tmp_path):
    env.write(tmp_path / ".env")
    values = _values(tmp_path / ".env")
    assert all(len(value) >= 32 for value in values.values())
    assert len(base64.urlsafe_b64decode(values.pop("AIRFLOW_FERNET_KEY"))) == 32
    assert not any(char in value for value in values.values() for char in "$@:/#%'\" \\")


def test_running_it_again_changes_no_byte(tmp_path):
    path = tmp_path / ".env"
    env.write(path)
    before = path.read_bytes()
    assert env.write(path) == []
    assert path.read_bytes() == before


def test_what_a_user_set_stays_and_only_the_rest_is_added(tmp_path):
    path = tmp_path / ".env"
    path.touch(mode=0o600)
    path.write_text("ELASTIC_PASSWORD=mine\nWIREWATCH_KIBANA_PORT=5602")  # no line break at the end
    added = env.write(path)
    assert "ELASTIC_PASSWORD" not in added
    assert path.read_text().startswith("ELASTIC_PASSWORD=mine\nWIREWATCH_KIBANA_PORT=5602\n")
    assert _values(path)["ELASTIC_PASSWORD"] == "mine"
    assert set(_values(path)) == set(env.SECRETS) | {"WIREWATCH_KIBANA_PORT"}


def test_a_file_that_others_may_read_gets_no_secret(tmp_path):
    path = tmp_path / ".env"
    path.write_text("A=1\n")
    path.chmod(0o644)
    with pytest.raises(PermissionError, match="chmod 600"):
        env.write(path)
    assert path.read_text() == "A=1\n"


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "target").touch(mode=0o600)
    (tmp_path / ".env").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic links"):
        env.write(tmp_path / ".env")
    assert (tmp_path / "target").read_text() == ""


def test_the_command_says_one_line_and_no_secret(tmp_path):
    path = tmp_path / ".env"
    # -I leaves out the virtual environment's packages: `make env` needs nothing but Python.
    code = (
        "import sys; sys.path.append(sys.argv[2]); from deploy import env; sys.exit(env.main([sys.argv[1]]))"
    )
    command = [sys.executable, "-I", "-S", "-c", code, str(path), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == 1
    assert f"{len(env.SECRETS)} added" in done.stdout
    assert not any(value in done.stdout + done.stderr for value in _values(path).values())
    path.chmod(0o666)
    failed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert failed.stderr.count("\n") == 1
