"""The image and the services of docker-compose.yml on this machine, without containers.

The build stage of the Dockerfile is followed line by line into a temporary folder; each service's own command
line runs with its own environment, in which the names of hosts and volumes are replaced by ports and folders
of this machine. Nothing else differs.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from compose_file import ROOT, resolved, services

DOCKERFILE = ROOT / "Dockerfile"
PLACE = "/opt/wirewatch"


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


# -- the image ----------------------------------------------------------------------------------------------


def instructions(stage):
    """(instruction, arguments) of one stage of the Dockerfile, from 0."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    stages = re.split(r"^(?=FROM )", text, flags=re.MULTILINE)[1:]
    return [line.split(None, 1) for line in stages[stage].splitlines() if line.strip()]


def _copy(line, target):
    *sources, place = line.split()
    for source in sources:
        found = ROOT / source
        end = target / (found.name if place.endswith("./") else place)
        if place.endswith("/") and place != "./":
            end = target / place / found.name
        end.parent.mkdir(parents=True, exist_ok=True)
        if found.is_dir():
            shutil.copytree(found, end, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(found, end)


def build(folder, **arguments_given):
    """Follows both stages; returns the place of the project, with its virtual environment in `venv`.

    Arguments of the build go by their names, as `--build-arg` gives them.
    """
    place = folder / PLACE.strip("/")
    place.mkdir(parents=True)
    python = getattr(sys, "_base_executable", sys.executable)  # whose `venv` ours is; not documented
    environment = {**os.environ, "UV_PYTHON": str(Path(python)), "UV_LINK_MODE": "hardlink"}
    environment.pop("VIRTUAL_ENV", None)
    given: dict[str, str] = {}
    for name, told in instructions(0):
        arguments = re.sub(r"\$\{(\w+)\}", lambda found: given[found[1]], told)
        if name == "ARG":
            argument, default = arguments.split("=", 1)
            given[argument] = arguments_given.get(argument, default)
        elif name == "ENV":
            pairs = dict(pair.split("=", 1) for pair in arguments.split())
            pairs.pop("UV_LINK_MODE")  # a copy for an image; here the cache's files will do
            environment |= {k: v.replace(PLACE, str(place)) for k, v in pairs.items()}
        elif name == "COPY":
            _copy(arguments, place)
        elif name == "RUN" and not arguments.startswith("pip install"):  # uv itself is in our .venv
            command = arguments.replace(PLACE, str(place)).split()
            assert command[0] == "uv"
            subprocess.run(
                [Path(sys.executable).parent / "uv", *command[1:]],
                cwd=place,
                env=environment,
                check=True,
                capture_output=True,
            )
    for name, arguments in instructions(1):
        if name == "COPY" and not arguments.startswith("--from"):
            _copy(arguments, place)
    return place


# -- Postgres -----------------------------------------------------------------------------------------------


def postgres_programs():
    """The folder of initdb and postgres, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    path = shutil.which("initdb")
    return found[-1].parent if found else Path(path).parent if path else None


@contextmanager
def postgres(folder, password):
    """A server of our own with the database and user of docker-compose.yml; yields its port."""
    # Not in pytest's own folder: each run of pytest that begins takes that from all other users.
    with TemporaryDirectory(prefix="wirewatch-postgres-", ignore_cleanup_errors=True) as data:
        yield from _postgres(folder, Path(data), password)


def _postgres(folder, data, password):
    programs, port = postgres_programs(), free_port()
    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:  # it refuses to run as root
        as_user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        shutil.chown(data, "nobody", "nogroup")
    secret = data / "password"
    secret.write_text(password)
    secret.chmod(0o644)
    initdb = [
        programs / "initdb",
        "-D",
        data / "db",
        "-U",
        "airflow",
        "-A",
        "scram-sha-256",
        "--pwfile",
        secret,
    ]
    subprocess.run(initdb, check=True, capture_output=True, cwd=data, **as_user)
    command = [programs / "postgres", "-D", data / "db", "-p", str(port), "-h", "127.0.0.1", "-k", data]
    with (folder / "postgres.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=data, **as_user)
    try:
        environment = {**os.environ, "PGPASSWORD": password}
        ask = ["createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "airflow", "airflow"]
        end = time.monotonic() + 30
        while subprocess.run(
            [programs / ask[0], *ask[1:]], env=environment, check=False, capture_output=True
        ).returncode:
            assert time.monotonic() < end, (folder / "postgres.log").read_text()
            assert server.poll() is None, (folder / "postgres.log").read_text()
            time.sleep(0.2)
        yield port
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)


# -- services -----------------------------------------------------------------------------------------------


class Stage:
    """Where services run.

    Args:
        folder: For everything that they write.
        place: What `build` made.
        secrets: What `make env` wrote.
        replaced: Text of environment values → what stands for it here.
        extra: Variables on top of the service's own.
        found: Services by name; those of docker-compose.yml alone, if nothing is said.

    Attributes:
        api: Where Airflow's API server answers, once somebody has said so.
    """

    def __init__(self, folder, place, secrets, replaced, extra, found=None):
        self.folder, self.place, self.secrets = folder, place, secrets
        self.replaced, self.extra = replaced, extra
        self.services = found or services()
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.api = ""

    def environment(self, name):
        """The service's environment, as it is in its container, in places of this machine."""
        image: dict[str, str] = {}
        for instruction, arguments in instructions(1):
            if instruction == "ENV":
                image |= dict(pair.split("=", 1) for pair in arguments.split())
        image["PATH"] = image["PATH"].replace("$PATH", os.environ["PATH"])
        own = {
            k: resolved(v, self.secrets) for k, v in (self.services[name].get("environment") or {}).items()
        }
        values = image | own
        for old, new in {PLACE: str(self.place), **self.replaced}.items():
            values = {k: v.replace(old, new) for k, v in values.items()}
        return {
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "PYTHONWARNINGS": "ignore",
            **values,
            **self.extra,
        }

    def command(self, command, environment):
        """The command with its program as the container's PATH finds it."""
        return [shutil.which(command[0], path=environment["PATH"]) or command[0], *command[1:]]

    def run(self, name, command=None):
        """Runs a service, or another command in its environment, to its end."""
        environment = self.environment(name)
        done = subprocess.run(
            self.command(command or self.services[name]["command"], environment),
            env=environment,
            cwd=self.place,
            capture_output=True,
            text=True,
            check=False,
        )
        self.log(name).write_text(done.stdout + done.stderr)
        return done

    def log(self, name):
        """What a service said."""
        return self.folder / f"{name}.log"

    def start(self, name, called="", command=None, **more):
        """Starts a service in a process group of its own; another command of it under another name."""
        environment = self.environment(name) | more
        command = self.command(command or self.services[name]["command"], environment)
        called = called or name
        with self.log(called).open("wb") as log:
            self.running[called] = subprocess.Popen(
                command, env=environment, cwd=self.place, stdout=log, stderr=log, start_new_session=True
            )

    def lose(self, name):
        """Ends one as a power cut does."""
        lost = self.running.pop(name)
        lost.kill()
        lost.wait(30)

    def healthy(self, name, seconds=120):
        """Asks the service's own health check until it is content."""
        check = self.services[name]["healthcheck"]["test"][1:]
        end = time.monotonic() + seconds
        while True:
            done = self._check(name, check)
            if done.returncode == 0:
                return
            assert self.running[name].poll() is None, self.log(name).read_text()[-4000:]
            assert time.monotonic() < end, (done.stdout, self.log(name).read_text()[-4000:])
            time.sleep(1)

    def _check(self, name, check):
        environment = self.environment(name)
        return subprocess.run(
            self.command(check, environment),
            env=environment,
            cwd=self.place,
            capture_output=True,
            text=True,
            check=False,
        )

    def stop(self):
        """As `docker compose down`: SIGTERM to each first process, newest first; returns who did not obey."""
        deaf = []
        for name, process in reversed(self.running.items()):
            process.terminate()
            try:
                process.wait(150)  # a loaded machine's scheduler first ends its tasks
            except subprocess.TimeoutExpired:
                deaf.append(name)
            with suppress(ProcessLookupError):  # as the container's end does with what is left
                os.killpg(process.pid, signal.SIGKILL)
        return deaf
