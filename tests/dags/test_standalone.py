"""`make airflow` on a port that is taken says so at once, and makes nothing."""

import os
import socket
import subprocess
import sys

from dags.local.environment import ROOT


def test_a_taken_port_is_said_at_once(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        home = tmp_path / "airflow"
        environment = {"AIRFLOW_HOME": str(home), "WIREWATCH_AIRFLOW_PORT": str(port)}
        done = subprocess.run(
            [sys.executable, "-m", "dags.local.standalone"],
            cwd=ROOT,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == (f"make airflow: port {port} is taken; WIREWATCH_AIRFLOW_PORT names another\n")
    assert not home.exists()
