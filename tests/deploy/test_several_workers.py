"""Two Celery workers that share no disk, each of them lost in the middle of its work, and the scheduler too.

What docker-compose.workers.yml sets runs on a real Postgres and a real Redis; archive, journal and batches
between tasks are in an object store that speaks S3. Nothing is lost, nothing comes twice, the archive gives
the same stories again, and each mail goes out once. So it is when the object store is away for a minute and
the clock of one worker is ten minutes ahead.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from email import message_from_bytes, policy
from pathlib import Path

import httpx
import pytest
from aiosmtpd.controller import Controller

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "sources"))
import rehearsal
import several
from compose_file import ROOT, distributed
from misbehaving import Misbehaving
from s3_server import BUCKET, s3_server
from several import Door, Worker, until

from deploy import env
from pipeline.app.replay import fingerprint
from pipeline.store.open import open_store

pytestmark = [pytest.mark.slow, pytest.mark.airflow, pytest.mark.timeout(1200)]

HOSTS = 3
# Each has a folder of its own.
MACHINES = ("one", "two", "scheduler")
PLACES = ["Arden", "Bexley", "Corwen", "Dunmore", "Elgin", "Fairlie", "Glossop", "Harrow", "Ilkley", "Jarrow"]
SAINTS = [
    "Aidan",
    "Bride",
    "Chad",
    "Dunstan",
    "Edmund",
    "Finbar",
    "Giles",
    "Hilda",
    "Ives",
    "Jude",
    "Keyne",
    "Levan",
]
# Of outlets that are added later.
MORE_SAINTS = ["Maud", "Neot", "Osyth", "Piran", "Rumon", "Sidwell"]
THINGS = ["lighthouse", "library", "tramway", "orchard"]


def titles(saints):
    """What feeds tell, each of another town."""
    towns = [f"{place} Saint {saint}" for saint in saints for place in PLACES]
    return [f"The {THINGS[n % len(THINGS)]} of {town} reopens" for n, town in enumerate(towns)]


class Slow:
    """Feeds that wait with their answers until somebody lets them go on."""

    def __init__(self, servers, paths):
        self._asked, self.go = [threading.Event() for _ in paths], threading.Event()
        for server, path, asked in zip(servers, paths, self._asked, strict=True):
            server.route(path, self._waiting(server.routes[path], asked))

    def _waiting(self, whole, asked):
        def answer(exchange):
            asked.set()
            self.go.wait(several.SECONDS)
            whole(exchange)

        return answer

    def asked(self):
        """Whether each is waited for."""
        return all(each.is_set() for each in self._asked)


class Outlets:
    """Feeds of one article each on several hosts; some can be made to wait for what happens elsewhere."""

    def __init__(self, stack):
        self.servers = [stack.enter_context(Misbehaving(host=f"127.0.0.{n + 1}")) for n in range(HOSTS)]
        self.feeds, self.told = {}, []

    def publish(self, news):
        """Adds a feed for each title."""
        for n, title in enumerate(news, len(self.told)):
            server = self.servers[n % HOSTS]
            text = f"{title}, the mayor of that town said on Tuesday after {n + 3} years of work. " * 3
            item = f"<item><title>{title}</title><description>{text}</description>"
            item += f"<link>https://outlet{n}.test/{n}</link><pubDate>{_date()}</pubDate></item>"
            body = f"<rss version='2.0'><channel><title>Outlet {n}</title>{item}</channel></rss>".encode()
            self.feeds[f"feed-{n}"] = server.serve(f"/{n}", body)
        self.told += news

    def slow(self, first, hosts):
        """Makes the first feed from a number on wait, on each of the first hosts."""
        return Slow(self.servers[:hosts], [f"/{first + n}" for n in range(hosts)])

    def write(self, file):
        """The configuration that names them."""
        feeds = [
            f"  - {{id: {name}, url: '{url}', allow_private: true}}\n" for name, url in self.feeds.items()
        ]
        file.write_text("feeds:\n" + "".join(feeds))


def _date():
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() - 600))


class Postbox:
    """Takes mails; the first of all is not taken before a worker has ended."""

    def __init__(self):
        self.asked, self.go, self.taken = threading.Event(), threading.Event(), []
        self.url = ""

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  # the name aiosmtpd calls
        if not self.go.is_set():
            self.asked.set()
            await asyncio.to_thread(self.go.wait, several.SECONDS)
            return "451 the sender is gone"
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    missing = several.can_be_several()
    if missing:
        pytest.skip(missing)
    return tmp_path_factory.mktemp("several")


@pytest.fixture(scope="module")
def stack() -> Iterator[ExitStack]:
    with ExitStack() as found:
        yield found


@pytest.fixture(scope="module")
def outlets(folder, stack) -> Outlets:
    made = Outlets(stack)
    made.publish(titles(SAINTS))
    return made


@pytest.fixture(scope="module")
def slow(outlets) -> Slow:
    """The very first feed."""
    return outlets.slow(0, 1)


@pytest.fixture(scope="module")
def postbox(stack) -> Postbox:
    box = Postbox()
    server = Controller(box, hostname="127.0.0.1", port=rehearsal.free_port())
    server.start()
    stack.callback(server.stop)
    box.url = f"smtp://127.0.0.1:{server.port}"
    return box


@pytest.fixture(scope="module")
def configuration(folder, outlets) -> Path:
    """The configuration that each machine gets a copy of."""
    made = folder / "configuration"
    made.mkdir()
    (made / "settings.yaml").write_text(f"base: {ROOT / 'config'}\nstories:\n  vectors: none\n")
    outlets.write(made / "feeds.yaml")
    watches = [
        f"  - {{name: {each}, query: {each}, deliver: {{mail: [{each}@newsroom.example]}}}}\n"
        for each in THINGS
    ]
    (made / "watches.yaml").write_text("watches:\n" + "".join(watches))
    return made


@pytest.fixture(scope="module")
def door(folder, stack) -> Door:
    """The way to the object store; its environment is `door.environment`."""
    objects = stack.enter_context(s3_server(folder))
    made = stack.enter_context(Door(objects["AWS_ENDPOINT_URL"].rpartition(":")[2]))
    stack.callback(made.shutdown)
    made.environment = objects | {"AWS_ENDPOINT_URL": made.url}
    return made


@pytest.fixture(scope="module")
def stage(folder, stack, configuration, postbox, door) -> rehearsal.Stage:
    """Postgres, Redis, an object store; the services' own environment, with addresses of this machine."""
    env.write(folder / ".env")
    lines = [line for line in (folder / ".env").read_text().splitlines() if not line.startswith("#")]
    secrets = dict(line.split("=", 1) for line in lines) | {
        "WIREWATCH_WORKER_TASKS": "2",
        "WIREWATCH_PARALLELISM": "4",
    }
    (folder / "common").mkdir()
    for name in MACHINES:
        (folder / name).mkdir()
    postgres = stack.enter_context(rehearsal.postgres(folder, secrets["AIRFLOW_POSTGRES_PASSWORD"]))
    redis = stack.enter_context(several.redis(folder, secrets["WIREWATCH_REDIS_PASSWORD"]))
    api, place = rehearsal.free_port(), several.place(folder / "place")
    replaced = {
        "postgres:5432": f"127.0.0.1:{postgres}",
        "redis:6379": f"127.0.0.1:{redis}",
        "airflow-api-server:8080": f"127.0.0.1:{api}",
        "0.0.0.0": "127.0.0.1",  # noqa: S104 - it is replaced
    }
    own = folder / "scheduler"
    shutil.copytree(configuration, own / "config")
    extra = door.environment | {
        "PYTHONPATH": f"{place}:{place}/dags:{several.driver(folder / 'driver')}",
        "AIRFLOW_HOME": str(own / "airflow"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(own / "airflow" / "passwords.json"),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(own / "logs"),
        "AIRFLOW__API__PORT": str(api),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(rehearsal.free_port()),
        # A test does not wait as long as a server may be away.
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "20",
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "3",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "12",
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "4",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "WIREWATCH_INGEST_SCHEDULE": "0 0 1 1 *",  # one run, for the time that is past
        "WIREWATCH_HOME": str(own / "home"),
        "WIREWATCH_CONFIG": str(own / "config"),
        "WIREWATCH_STORE": f"sqlite:///{folder}/common/wirewatch.db",
        "WIREWATCH_ARCHIVE": f"{BUCKET}/archive",
        "WIREWATCH_STAGING": f"{BUCKET}/staging",
        "WIREWATCH_SMTP": postbox.url,
    }
    (own / "airflow").mkdir()
    found = rehearsal.Stage(folder, place, secrets, replaced, extra, distributed())
    found.api = f"http://127.0.0.1:{api}"
    stack.callback(found.stop)
    return found


@pytest.fixture(scope="module")
def workers(stage, configuration) -> Iterator[list[Worker]]:
    """Airflow with two workers, in the order of the compose file."""
    done = stage.run("airflow-init")
    assert done.returncode == 0, done.stderr[-4000:]
    stage.start("airflow-api-server")
    stage.healthy("airflow-api-server", several.SECONDS)
    pair = [
        Worker(stage, name, stage.folder / other, configuration)
        for name, other in (("one", "two"), ("two", "one"))
    ]
    for name in ("airflow-scheduler", "airflow-dag-processor"):
        stage.start(name)
    for worker in pair:
        worker.start()
    for worker in pair:
        worker.ready()
    yield pair
    for worker in pair:
        with suppress(KeyError):
            worker.kill()


@pytest.fixture(scope="module")
def airflow(stage, workers) -> Iterator[httpx.Client]:
    """Airflow's REST API, logged in."""
    login = {"username": "admin", "password": stage.secrets["AIRFLOW_ADMIN_PASSWORD"]}
    with httpx.Client(base_url=f"{stage.api}/api/v2", timeout=60) as client:
        answer = client.post(f"{stage.api}/auth/token", json=login).raise_for_status()
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        until(lambda: client.get("/dags/ingest").status_code == 200)
        until(lambda: client.get("/dags/alert").status_code == 200)
        yield client


def lose(workers, airflow, dag, task, index=None):
    """Ends the worker that began a task last and is still at it, and starts another in its place."""

    def running():
        found = airflow.get(f"/dags/{dag}/dagRuns/~/taskInstances", params={"state": "running"}).json()
        return {row["map_index"] for row in found["task_instances"] if row["task_id"] == task}

    def holder():
        indices = running()
        begun = [
            ((when, place), worker)
            for worker in workers
            for place, when in worker.begun(dag, task).items()
            if place in indices and index in (None, place)
        ]
        return max(begun, key=lambda each: each[0], default=None)

    def caught():
        """A worker that stands still in the middle of the task: it cannot end it between two looks."""
        if (found := holder()) is None:
            return None
        (_, place), worker = found
        worker.send(signal.SIGSTOP)
        time.sleep(1)  # what it had said before is known now
        if place in running():
            return worker
        worker.send(signal.SIGCONT)
        return None

    worker = until(caught)
    worker.kill()
    worker.start()


def tries(airflow, run, dag):
    """How often each task of a run was begun."""
    rows = airflow.get(f"/dags/{dag}/dagRuns/{run}/taskInstances").raise_for_status().json()
    counts: Counter[str] = Counter()
    for row in rows["task_instances"]:
        counts[row["task_id"]] = max(counts[row["task_id"]], row["try_number"])
    return counts


def only_run(airflow, dag):
    """The name of a DAG's first run, once there is one."""
    runs = airflow.get(f"/dags/{dag}/dagRuns").raise_for_status().json()["dag_runs"]
    return min((run["dag_run_id"] for run in runs), default=None)


def all_ended(airflow, dag):
    """Whether a DAG has had its first run, and none is under way."""
    runs = airflow.get(f"/dags/{dag}/dagRuns").raise_for_status().json()["dag_runs"]
    return runs and all(run["state"] in ("success", "failed") for run in runs)


def lease_is_held(store):
    """Whether somebody may write stories."""
    with closing(sqlite3.connect(store)) as asked:
        return asked.execute("SELECT 1 FROM lease WHERE name = 'stories' AND owner != ''").fetchall()


def all_is_well(stage, outlets, postbox):
    """Nothing lost, nothing double, the archive gives the same stories again, and each mail went out once."""
    store = stage.folder / "common" / "wirewatch.db"

    def told():
        with closing(open_store(f"sqlite:///{store}", create=False)) as kept:
            stories = {each.story for each in kept.between(0, kept.head())}
            all_told = stories <= {story for each in THINGS for story in kept.tellings(each)}
            return all_told and len(postbox.taken) >= len(kept.alerts())

    until(told)
    with closing(open_store(f"sqlite:///{store}", create=False)) as kept:
        found = Counter(each.enriched.article.title for each in kept.between(0, kept.head()))
        assert found == Counter(outlets.told)
        expected_again = fingerprint(kept)
        alerts = len(kept.alerts())
    verified = stage.run("wirewatch", ["wirewatch", "verify"])
    assert verified.returncode == 0, verified.stdout + verified.stderr
    into = f"sqlite:///{stage.folder}/again-{alerts}.db"
    again = stage.run("wirewatch", ["wirewatch", "--json", "replay", "--into", into])
    assert json.loads(again.stdout)["fingerprint"] == expected_again, again.stderr
    assert len({mail["Message-ID"] for mail in postbox.taken}) == len(postbox.taken) == alerts


def test_nothing_is_lost_and_nothing_comes_twice(stage, workers, airflow, outlets, slow, postbox):
    store = stage.folder / "common" / "wirewatch.db"
    for dag in ("alert", "ingest"):
        airflow.patch(f"/dags/{dag}", json={"is_paused": False}).raise_for_status()
    run = until(lambda: only_run(airflow, "ingest"))
    where = f"/dags/ingest/dagRuns/{run}"

    # Lost while it asks a feed.
    until(slow.asked)
    given = airflow.get(f"{where}/taskInstances/due/xcomEntries/return_value").raise_for_status().json()
    groups = given["value"] if isinstance(given["value"], list) else json.loads(given["value"])
    assert len(groups) == HOSTS
    index = next(n for n, group in enumerate(groups) if "feed-0" in group)
    lose(workers, airflow, "ingest", "fetch", index)
    slow.go.set()

    # Lost while it finds names; the scheduler with it.
    lose(workers, airflow, "ingest", "enrich")
    stage.lose("airflow-scheduler")
    stage.start("airflow-scheduler", "airflow-scheduler-again")

    # Lost between the journal and the store: what is journalled cannot be committed before it is gone.
    until(lambda: lease_is_held(store), every=0.01)
    with closing(sqlite3.connect(store, isolation_level=None)) as blocking:
        blocking.execute("BEGIN IMMEDIATE")
        time.sleep(3)
        lose(workers, airflow, "ingest", "group")
        blocking.execute("ROLLBACK")

    # Lost while a mail is given away.
    until(postbox.asked.is_set)
    lose(workers, airflow, "alert", "match_and_deliver")
    postbox.go.set()

    until(lambda: airflow.get(where).json()["state"] == "success", every=1)
    until(lambda: {mail["To"] for mail in postbox.taken} == {f"{each}@newsroom.example" for each in THINGS})
    begun = tries(airflow, run, "ingest")
    assert all(begun[task] > 1 for task in ("fetch", "enrich", "group")), begun
    all_is_well(stage, outlets, postbox)


def test_an_object_store_that_is_away_and_a_wrong_clock(
    stage, workers, airflow, door, outlets, slow, postbox
):
    """Away for a minute while articles are archived, and again while they are written; a machine goes too.

    The clock of the other is ten minutes ahead. It writes stories while the first is gone, and both go on.
    """
    clock = several.wrong_clock("+10m")
    if clock is None:
        pytest.skip("no libfaketime here; apt-get install libfaketime")
    store = stage.folder / "common" / "wirewatch.db"
    slow.go.set()
    postbox.go.set()
    for dag in ("alert", "ingest"):
        airflow.patch(f"/dags/{dag}", json={"is_paused": False}).raise_for_status()
    until(lambda: all_ended(airflow, "ingest"), every=1)  # where this test runs alone
    right, wrong = workers
    wrong.kill()
    wrong.clock = clock
    wrong.start()
    wrong.ready()
    first = len(outlets.told)
    outlets.publish(titles(MORE_SAINTS))
    more = outlets.slow(first, HOSTS)
    for machine in MACHINES:
        outlets.write(stage.folder / machine / "config" / "feeds.yaml")
    asked = airflow.post("/dags/ingest/dagRuns", json={"logical_date": None}).raise_for_status().json()
    where = f"/dags/ingest/dagRuns/{asked['dag_run_id']}"

    # Away while each host is asked: a machine carries out two tasks at once, so both are at it.
    until(more.asked)
    door.is_shut, away = True, time.monotonic()
    more.go.set()
    assert len(wrong.begun("ingest", "fetch")) > 0
    until(lambda: door.turned_away > HOSTS)
    right.kill()
    until(lambda: time.monotonic() > away + 60)
    assert not lease_is_held(store)
    door.is_shut = False

    # Away while the wrong clock's machine writes: between its journal and its store, or after both.
    until(lambda: lease_is_held(store), every=0.01)
    with closing(sqlite3.connect(store, isolation_level=None)) as blocking:
        blocking.execute("BEGIN IMMEDIATE")
        door.is_shut, door.turned_away = True, 0
        right.start()
        blocking.execute("ROLLBACK")
    until(lambda: door.turned_away)  # it takes the mark off its batches last
    door.is_shut = False

    until(lambda: airflow.get(where).json()["state"] == "success", every=1)
    all_is_well(stage, outlets, postbox)
