"""What keeps the system well: feeds, quarantine, and the doctor."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.addresses import host_of, redact, shown
from pipeline.app.wiring import CANDIDATES, Wiring, the_one
from pipeline.errors import (
    ConfigError,
    NotFoundError,
    PermanentError,
    TransientError,
    UnavailableError,
    WirewatchError,
)
from pipeline.ports import Commit, RejectionFilter
from pipeline.records import FeedState, Message, Rejection, content_id

if TYPE_CHECKING:
    from pipeline.app.care.gauges import Gauge
    from pipeline.app.ingest import IngestReport
    from pipeline.ports import FeedSource
    from pipeline.settings import Settings
    from pipeline.stages.alerting.reports.report_task import FailedTask

Json = dict[str, Any]
# How long a scheduler's logs are kept, in days.
LOG_DAYS = 30
_LOW_DISK_BYTES = 1024**3


class Care:
    """What keeps the system well.

    Args:
        wiring: The parts.
    """

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    def feeds(self) -> list[Json]:
        """The feeds as configured, with what is wrong with one; credentials are left out of URLs."""
        return [
            {
                "id": feed.id,
                "url": shown(feed.url, feed.secrets),
                "outlet": feed.outlet,
                "language": feed.language,
                "tags": list(feed.tags),
                "pages": feed.pages,
                "enabled": feed.enabled,
                "error": feed.fault or None,
            }
            for feed in self._wiring.feeds
        ]

    def feed_health(self) -> list[Json]:
        """How each configured feed does."""
        states = self._wiring.store.feeds(light=True)
        return [
            _health(feed.id, states.get(feed.id, FeedState(feed.id)), feed.enabled)
            for feed in self._wiring.feeds
        ]

    def websub_url(self) -> str:
        """Where hubs reach this installation; "" for nowhere.

        Raises:
            ConfigError: The configuration is broken.
        """
        return self._wiring.settings.fetch.websub_url

    def report_feeds(self) -> dict[str, int]:
        """Once a week, a mail to `mail.operator` on the feeds that broke or fell silent."""
        from pipeline.stages.alerting.reports.report_feeds import report_feeds

        mail = self._wiring.settings.mail
        enabled = [feed.id for feed in self._wiring.settings.feeds if feed.enabled]
        return {
            "ill": report_feeds(self._wiring.store, enabled, mail.sender, mail.operator, self._wiring.clock())
        }

    def report_task(self, failed: FailedTask) -> int:
        """Mails `mail.operator` that a scheduler's task failed for good, once a day for each task.

        The mail goes out at once, because the task that failed may be the one that sends. What cannot be sent
        now waits in the outbox. That it was sent is noted in the home: the store may be what failed.

        Returns:
            How many mails were made.
        """
        from pipeline.notify.channels import open_notifier
        from pipeline.settings import load_mail
        from pipeline.stages.alerting.reports.report_task import report_task

        wiring, now = self._wiring, self._wiring.clock()
        mail = load_mail(wiring.config, wiring.environment)  # another file may be what failed
        note = wiring.home / "told" / content_id("task", failed.dag, failed.task)
        today = f"{now:%Y-%m-%d}"
        if not mail.operator or (note.exists() and note.read_text("ascii") == today):
            return 0
        messages = report_task(failed, mail.sender, mail.operator, now)
        notifier = open_notifier(mail, wiring.home, wiring.clock, {})
        try:
            for message in messages:
                try:
                    notifier.send(message)
                except TransientError:
                    wiring.store.commit(Commit(messages=(message,)))
        finally:
            notifier.close()
        note.parent.mkdir(exist_ok=True)
        note.write_text(today, "ascii")
        return len(messages)

    def clear_logs(self, folder: Path, days: int = LOG_DAYS) -> int:
        """Removes log files of a scheduler that are older than so many days.

        Returns:
            How many files went.
        """
        before = self._wiring.clock().timestamp() - days * 86400
        old = [
            path for path in folder.rglob("*.log") if not path.is_symlink() and path.stat().st_mtime < before
        ]
        for path in old:
            path.unlink(missing_ok=True)
        for place in sorted(folder.glob("**/"), key=lambda path: len(path.parts), reverse=True):
            if place != folder and not any(place.iterdir()):
                place.rmdir()
        return len(old)

    def import_feeds(self, file: Path) -> list[Json]:
        """Adds the feeds of an OPML file that are not configured yet; returns those that were added.

        Raises:
            UsageError: The file cannot be read, or is not OPML.
        """
        from pipeline.sources.feeds.opml import read_opml_file

        return self._added(read_opml_file(file))

    def _added(self, found: Sequence[FeedSource]) -> list[Json]:
        from pipeline.sources.feeds.opml import add_feeds

        added = add_feeds(self._wiring.config / "feeds.yaml", found, self._wiring.settings.feeds)
        return [{"id": f.id, "url": redact(f.url), "outlet": f.outlet, "tags": list(f.tags)} for f in added]

    def export_feeds(self) -> str:
        """The feeds as OPML, without credentials."""
        from pipeline.sources.feeds.opml import write_opml

        return write_opml(self._wiring.settings.feeds)

    def desk_settings(self) -> Settings:
        """The configuration as a whole, for whoever opens the pages."""
        return self._wiring.settings

    def settings(self) -> Json:
        """What is configured, for whoever may see it; no secret, no address of a server."""
        settings = self._wiring.settings
        return {
            "timezone": settings.timezone,
            "stories": settings.stories.model_dump(),
            "enrich": settings.enrich.model_dump(),
            "retention": settings.retention.model_dump(),
            "fetch": settings.fetch.model_dump(exclude={"contact", "private_hosts"}),
            "channels": sorted(settings.channels),
        }

    def send_trial(self, mails: Sequence[str] = (), channels: Sequence[str] | None = None) -> list[Json]:
        """Sends a test message to each address and channel; says of each whether it was taken.

        Args:
            mails: Addresses.
            channels: Names; None is all that are configured.
        """
        from pipeline.alerts.send.operator_mail import TRIAL, to_operators, trial_chat
        from pipeline.notify.channels import open_notifier

        settings, now = self._wiring.settings, self._wiring.clock()
        notifier = open_notifier(settings.mail, self._wiring.home, self._wiring.clock, settings.channels)
        sender, outcome = settings.mail.sender, []
        names = list(settings.channels) if channels is None else channels
        messages = list(to_operators(TRIAL, ("trial", now.isoformat()), sender, mails, now))
        for to in names:
            name = content_id("trial", to, now.isoformat())
            messages.append(Message(name, "", (), "chat", to, "rendered", now, "", trial_chat()))
        for message in messages:
            spooled = message.channel == "mail" and not settings.mail.smtp
            try:
                notifier.send(message)
                spool = f"as a file in {self._wiring.home / 'spool'}, because no mail server is named"
                said = spool if spooled else "taken"
                outcome.append({"to": message.to, "ok": True, "detail": said})
            except WirewatchError as error:
                outcome.append({"to": message.to, "ok": False, "detail": " ".join(str(error).split())})
        notifier.close()
        return outcome

    def quarantined(self, entry_id: str) -> Rejection:
        """One quarantine entry.

        Raises:
            NotFoundError: There is none of that id.
        """
        found = self._wiring.store.rejection(entry_id)
        if found is None and entry_id:
            begun = self._wiring.store.beginning("quarantine", entry_id, CANDIDATES + 1)
            whole = the_one("entries", entry_id, begun)
            found = self._wiring.store.rejection(whole) if whole else None
        if found is not None:
            return found
        raise NotFoundError(
            f"quarantine entry {entry_id}: no entry has this id; `wirewatch quarantine list` lists them"
        )

    def replay_quarantine(self, ids: Sequence[str]) -> IngestReport:
        """Tries entries again from the archive; what goes well now leaves the quarantine.

        Args:
            ids: Entries; none takes all.

        Raises:
            NotFoundError: There is no entry of that id.
        """
        from pipeline.app.ingest import Ingest, IngestReport

        entries = [self.quarantined(name) for name in ids] or self._wiring.store.rejections()
        wanted: dict[str, set[str]] = {}
        for entry in entries:
            place, _, capture = entry.capture.rpartition("#")
            if place:
                wanted.setdefault(place, set()).add(capture)
        outcome = IngestReport()
        refused: set[str] = set()
        for place, captures in sorted(wanted.items()):
            found = [c for c in self._wiring.archive.read(place) if c.id in captures]
            batch = self._wiring.intake.prepare(found, self._wiring.store, place)
            refused |= {entry.id for entry in batch.rejections}
            outcome.counts.add(Ingest(self._wiring).take(batch))
        released = tuple(e.id for e in entries if e.capture and e.id not in refused)
        self._wiring.store.commit(Commit(released=released))
        return outcome

    def verify(self) -> list[Json]:
        """Checks every promise on what is stored, which takes as long as reading all of it."""
        from pipeline.app.care.verify import PROMISES, breaches

        found = [(name, breaches(self._wiring, check), well) for name, check, well in PROMISES]
        return [{"check": name, "ok": not breach, "detail": breach or well} for name, breach, well in found]

    def gauges(self) -> list[Gauge]:
        """How the system is, in numbers; see `pipeline.app.care.gauges`."""
        from pipeline.app.care.gauges import gauges

        return gauges(self._wiring)

    def doctor(self) -> list[Json]:
        """Checks everything a run needs; one line each, never a secret."""
        checks: Sequence[tuple[str, Callable[[Wiring], str]]] = (
            ("configuration", _check_configuration),
            ("watches", _check_watches),
            ("store", _check_store),
            ("archive", _check_archive),
            ("models", _check_models),
            ("mail", _check_mail),
            ("outbox", _check_outbox),
            ("feeds", _check_feeds),
            ("disk", _check_disk),
            ("airflow", _check_airflow),
        )
        return [_checked(self._wiring, name, check) for name, check in checks]


def _health(name: str, state: FeedState, enabled: bool) -> Json:
    def shown(time: Any) -> str | None:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ") if time else None

    return {
        "id": name,
        "enabled": enabled,
        "status": state.status,
        "last_success": shown(state.succeeded),
        "last_new": shown(state.news),
        "error": state.error,
        "failures": state.failures,
        "lag_seconds": round(state.lag_seconds) if state.lag_seconds >= 0 else None,
        "repeats": round(state.repeats / state.entries, 3) if state.entries else None,
        "next_poll": shown(state.next_poll),
    }


# The doctor tells the languages of so many stories.
_STORIES_LOOKED_AT = 500


def _checked(wiring: Wiring, name: str, check: Callable[[Wiring], str]) -> Json:
    try:
        return {"check": name, "ok": True, "detail": check(wiring)}
    except (WirewatchError, OSError) as error:
        return {"check": name, "ok": False, "detail": " ".join(str(error).split())}


def _check_configuration(wiring: Wiring) -> str:
    settings = wiring.settings
    faults = [feed.fault for feed in settings.feeds if feed.fault and feed.enabled]
    if faults:
        raise ConfigError(faults[0] + (f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""))
    return f"{wiring.config}: {len(settings.feeds)} feeds, {wiring.scorer.name}"


def _check_watches(wiring: Wiring) -> str:
    from pipeline.alerts.watch import last_good

    found = wiring.watch_list
    for broken in found.broken[:1]:
        more = f" (and {len(found.broken) - 1} more)" if len(found.broken) > 1 else ""
        raise ConfigError(f"{last_good.said(broken)}{more}")
    return f"{len(found.watches)} watches"


def _check_store(wiring: Wiring) -> str:
    return ", ".join(f"{key} {value}" for key, value in wiring.store.describe().items())


def _check_archive(wiring: Wiring) -> str:
    from pipeline.app.journal import left_behind

    where, archive = wiring.archive.where, wiring.archive
    wiring.belongs()
    entries = list(archive.entries())
    ill = [str(entry.data["reason"]) for entry in entries if entry.kind == "unreadable"]
    aside = wiring.store.rejections(RejectionFilter(stage="journal"))
    ill += [f"{each.source} is set aside: {each.reason}" for each in aside]
    left = len(left_behind(wiring))
    ill += [f"{left} batches are archived and not taken in; the next run does it"] if left else []
    if ill:
        more = f" (and {len(ill) - 1} more; `wirewatch verify`)" if len(ill) > 1 else ""
        raise PermanentError(f"{where}: {ill[0]}{more}")
    return f"{where}: {len(entries)} journal entries"


def _check_models(wiring: Wiring) -> str:
    """Which model finds the names of each language, and which of the newest stories' languages have none."""
    from pipeline.enrich.names.recognize import multiplication

    models = wiring.settings.enrich.models
    missing = [m for m in models.values() if m and importlib.util.find_spec(m.partition(".")[0]) is None]
    if missing:
        packages = " ".join(m.replace("_", "-") for m in missing)
        raise NotFoundError(f"model {', '.join(missing)} is not installed: pip install {packages}")
    newest = wiring.store.newest_stories(None, None, _STORIES_LOOKED_AT)
    bare = sorted({lang for story in newest for lang in story.languages if not models.get(lang)})
    names = [f"{lang} {model}" for lang, model in models.items() if model]
    names += [f"{', '.join(bare)} by their look (no model in enrich.models)"] if bare else []
    found = f"names: {'; '.join(names)}, computed by {multiplication()}"
    return f"{found}; vectors: {wiring.settings.stories.vectors}"


def _check_mail(wiring: Wiring) -> str:
    from pipeline.notify.channels import open_notifier

    mail = wiring.settings.mail
    channels = wiring.settings.channels
    open_notifier(mail, wiring.home, wiring.clock, channels).close()
    for watch in wiring.watches:
        unknown = [name for name in watch.deliver.chat if name not in channels]
        if unknown:
            raise NotFoundError(f"watch {watch.name!r}: settings.yaml has no channel {', '.join(unknown)}")
    if mail.smtp:
        return f"by SMTP at {host_of(mail.smtp)}, from {mail.sender}; not tried"
    return f"no SMTP server is set: mails go to {wiring.home / 'spool'}"


def _check_outbox(wiring: Wiring) -> str:
    """What was given up, and whether our own mail server is in trouble."""
    from pipeline.stages.alerting.deliver import ServerTrouble

    trouble = ServerTrouble.of(wiring.store)
    failed = len(wiring.store.outbox(["failed"]))
    waiting = len(wiring.store.outbox())
    if trouble:
        raise UnavailableError(
            f"mails wait since {trouble.since:%Y-%m-%d %H:%M} UTC ({_messages(waiting)}, {failed} given up): "
            f"{trouble.error}; next try {trouble.next_try:%Y-%m-%d %H:%M} UTC"
        )
    if failed:
        raise NotFoundError(
            f"{_messages(failed)} {'was' if failed == 1 else 'were'} given up; `wirewatch outbox list` says "
            "why, `outbox retry` sends them again, `outbox drop ID` takes one out"
        )
    return f"{_messages(waiting)} {'waits' if waiting == 1 else 'wait'}, none was given up"


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count} messages"


def _check_feeds(wiring: Wiring) -> str:
    unwell = [feed["id"] for feed in Care(wiring).feed_health() if feed["error"]]
    if unwell:
        raise NotFoundError(f"{len(unwell)} fail: {', '.join(unwell[:5])}; `wirewatch feeds health` says why")
    return f"{len(wiring.settings.feeds)} configured, none fails"


def _check_disk(wiring: Wiring) -> str:
    if not wiring.home.is_dir():
        raise NotFoundError(f"there is no home at {wiring.home}; the first `fetch` or `load` makes it")
    free = shutil.disk_usage(wiring.home).free
    if free < _LOW_DISK_BYTES:
        raise OSError(f"{wiring.home}: only {free // 1024**2} MiB free")
    return f"{free // 1024**3} GiB free at {wiring.home}"


def _check_airflow(_: Wiring) -> str:
    if importlib.util.find_spec("airflow") is None:
        return "not installed; `wirewatch` works without it, `make airflow` needs it"
    from importlib.metadata import version

    return f"Airflow {version('apache-airflow')}"
