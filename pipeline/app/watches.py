"""The watches: alert, list, check, backtest, why."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import yaml

from pipeline.addresses import named_mail_address
from pipeline.alerts.send.schedule import destinations
from pipeline.alerts.watch import last_good
from pipeline.alerts.watch.watch_file import load_watches, watch_from
from pipeline.app.read import moment
from pipeline.app.wiring import CANDIDATES, Wiring, the_one
from pipeline.errors import ConfigError, ContradictionError, NotFoundError, UsageError
from pipeline.records import Message, Watch, WatchState, content_id
from pipeline.retry import DELIVERY
from pipeline.yaml_documents import Document, read_document

if TYPE_CHECKING:
    from pipeline.alerts.backtest.backtest import Backtest
    from pipeline.alerts.decide.explain import Why
    from pipeline.stages.alerting.alert import AlertReport
    from pipeline.stages.alerting.questions import Checked

# A first watch is tried on so much of the past.
MONTH = timedelta(days=30)


class Watches:
    """The rules that alert: run, show, validate, try on history, explain.

    Args:
        wiring: The parts.
    """

    # What was found of a watch, while neither it, its store nor the configuration changes: a week of news is
    # asked for it. All threads of a process share it.
    _checks_kept: ClassVar[dict[tuple[str, str], tuple[tuple[Watch, int, object], dict[str, Any]]]] = {}

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    def alert(self, *, dry_run: bool = False) -> AlertReport:
        """Matches what is new since the last call, and delivers what is due.

        Args:
            dry_run: Says what would be sent and changes nothing.
        """
        from pipeline.alerts.send.render import Renderer
        from pipeline.notify.channels import open_notifier
        from pipeline.stages.alerting.alert import Alerting
        from pipeline.stages.alerting.reports.report_outbox import report_outbox
        from pipeline.stages.alerting.reports.report_watches import report_watches

        mail, found = self._wiring.settings.mail, self._wiring.watch_list
        broken = found.broken
        alerting = Alerting(self._wiring.store, found.watches, file=found)
        settings = self._wiring.settings
        notifier = open_notifier(mail, self._wiring.home, self._wiring.clock, settings.channels)
        renderer = Renderer(mail, settings.desk.url)
        try:
            if dry_run:
                report = alerting.run(self._wiring.clock(), notifier, renderer, dry_run=True)
                return replace(report, broken=broken)
            with self._wiring.lease("alerts") as renew:
                report_watches(
                    self._wiring.store, broken, mail.sender, mail.operator, self._wiring.clock(), renew
                )
                report_outbox(self._wiring.store, mail.sender, mail.operator, self._wiring.clock(), renew)
                report = alerting.run(
                    self._wiring.clock(),
                    notifier,
                    renderer,
                    policy=replace(DELIVERY, give_up_seconds=mail.give_up_days * 86400.0),
                    renew=renew,
                )
                return replace(report, broken=broken)
        finally:
            notifier.close()

    def all(self) -> list[dict[str, Any]]:
        """The watches as configured, and how many alerts each has made."""
        watches = self._wiring.watches  # a mistake in a file is told before a store that is missing
        made: dict[str, int] = {}
        for entry in self._wiring.store.alerts():
            made[entry.watch] = made.get(entry.watch, 0) + 1
        return [
            {
                "name": watch.name,
                "description": watch.description,
                "query": watch.query,
                "delivers": ", ".join(to for _, to in destinations(watch.deliver)),
                "when": "digest" if watch.deliver.digest else "immediately",
                "once_per": watch.once_per,
                "follow_up": watch.follow_up,
                "match": watch.match,
                "language": watch.language,
                "enabled": watch.enabled,
                "alerts": made.get(watch.name, 0),
            }
            for watch in watches
        ]

    def check(self, names: Sequence[str] = ()) -> list[dict[str, Any]]:
        """What each watch means, in words, and what cannot work about it; of these names, or of all.

        Raises:
            ConfigError: A watch is broken, or the file; the runs go on without.
            NotFoundError: There is no watch of a name.
        """
        load_watches(
            self._wiring.settings.watches, self._wiring.settings.timezone
        )  # what is broken is this verb's answer
        watches, path = self._wiring.watches, self._wiring.settings.watches.path
        asked = [_named(watches, name, path) for name in names] if names else watches
        return [each.as_json() for each in self._checked(asked)]

    def _checked(self, watches: Sequence[Watch]) -> list[Checked]:
        from pipeline.stages.alerting.questions import Known, check_watches

        entries = self._wiring.settings.topics.content.get("topics", ())
        topics = [text for entry in entries for text in (entry["id"], *dict(entry["name"]).values())]
        settings = self._wiring.settings
        known = Known(topics, [feed.id for feed in settings.feeds], settings.channels)
        with self._wiring.history() as store:
            return check_watches(store, watches, self._wiring.clock(), known)

    def draft(self, words: str, name: str = "", mail: str = "") -> dict[str, Any]:
        """A first watch from a few words: what it is, means, hits now, and would have sent in a month.

        Raises:
            UsageError: There are no words, or they make no query.
        """
        from pipeline.alerts.watch.first_watch import entry_text, first_watch
        from pipeline.stages.alerting.questions import backtest_watch

        watch = first_watch(words, name, mail or self._first_mail())
        now = self._wiring.clock()
        checked = self._checked([watch])[0]
        tried = backtest_watch(self._wiring.store, watch, now - MONTH, now)
        return {
            **checked.as_json(),
            "yaml": entry_text(watch),
            "month": {
                "articles": tried.articles,
                "alerts": len(tried.fired),
                "mails_per_day": round(tried.mails_per_day, 3),
                "stories": [fired.title for fired in tried.fired[:10]],
            },
        }

    def add(self, draft: dict[str, Any]) -> str:
        """Writes a watch from `draft` into `watches.yaml`; returns the file's path.

        Raises:
            UsageError: There is a watch of this name, or the file cannot be added to.
        """
        from pipeline.alerts.watch.first_watch import with_entry

        path = Path(self._wiring.settings.watches.path)
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        made = with_entry(text, draft["yaml"])
        content = yaml.safe_load(made)
        before = load_watches(self._wiring.settings.watches)
        if len(load_watches(Document(str(path), content, {}))) != len(before) + 1:
            raise UsageError(f"{path}: cannot be added to; add this by hand:\n{draft['yaml']}")
        beside = path.with_suffix(".yaml.new")
        beside.write_text(made, encoding="utf-8")
        beside.chmod(path.stat().st_mode & 0o777 if path.is_file() else 0o644)  # as it was: not the home's
        beside.replace(path)
        return str(path)

    def _first_mail(self) -> str:
        """Whom a new watch writes to where nobody says: as those in force do, else the operator.

        The examples of the file that comes with the program are switched off, and write to nobody's address.
        """
        told = (to for watch in self._wiring.watches if watch.enabled for to in watch.deliver.mail)
        operators = (named_mail_address(each)[1] for each in self._wiring.settings.mail.operator)
        return next(itertools.chain(told, operators), "")

    def why(self, name: str, story: str) -> Why:
        """Why a watch did or did not alert on a story, whose id may be shortened.

        Raises:
            NotFoundError: There is no such watch or story.
        """
        from pipeline.stages.alerting.questions import why_story

        watch = _named(self._wiring.watches, name, self._wiring.settings.watches.path)
        begun = self._wiring.store.beginning("stories", story, CANDIDATES + 1) if story else []
        whole = the_one("stories", story, begun) or story
        return why_story(self._wiring.store, watch, whole, self._wiring.clock())

    def tellings_of(self, stories: Sequence[str]) -> list[WatchState]:
        """What any watch knows of these stories: what it told of them, or why it did not."""
        return self._wiring.store.tellings_of(sorted(set(stories)))

    def told_by(self, watch: str) -> list[str]:
        """The stories that a watch told of, by the ids that they had then, the last one first.

        Raises:
            NotFoundError: There is no watch of this name.
        """
        if watch not in {each.name for each in self._wiring.watches}:
            raise NotFoundError(f"watch {watch}: no watch in watches.yaml has this name")
        alerts = sorted(
            self._wiring.store.alerts(watch), key=lambda alert: (alert.at, alert.id), reverse=True
        )
        return list(dict.fromkeys(alert.story for alert in alerts))

    def told_mark(self) -> str:
        """Changes whenever any watch may have told of something more."""
        from pipeline.stages.alerting.alert import BEHIND, MARK, TIMES

        return " ".join(self._wiring.store.mark(name) for name in (MARK, BEHIND, TIMES))

    def tellings(self, watch: str) -> list[WatchState]:
        """What a watch knows of each story that it ever looked at."""
        return list(self._wiring.store.tellings(watch).values())

    def messages(self, alerts: Sequence[str], watch: str) -> list[Message]:
        """The messages of a watch that carry any of these alerts, whatever became of them."""
        return self._wiring.store.messages_of(watch, alerts) if alerts else []

    def broken(self) -> list[str]:
        """What of `watches.yaml` cannot be used, and why."""
        return [last_good.said(each) for each in self._wiring.watch_list.broken]

    def check_one(self, name: str) -> dict[str, Any]:
        """What one watch means, and what cannot work about it.

        Raises:
            NotFoundError: There is no watch of this name.
        """
        watch = _named(self._wiring.watches, name, self._wiring.settings.watches.path)
        from pipeline.settings import configuration_stamp

        key = self._wiring.store_url, name
        now = watch, self._wiring.store.last_change(), configuration_stamp(self._wiring.config)
        kept = self._checks_kept.get(key)
        if kept is None or kept[0] != now:
            kept = self._checks_kept[key] = now, self._checked([watch])[0].as_json()
        return kept[1]

    def source(self, name: str) -> tuple[str, str]:
        """The text of one watch in `watches.yaml`, "" for no name; and what tells this state of the file.

        Raises:
            NotFoundError: There is no watch of this name.
            UsageError: The file has no lines of its own for it.
        """
        from pipeline.alerts.watch.edited_file import entry_of

        text = self._file_text()
        try:
            entry = entry_of(text, name) if name else ""
        except UsageError:
            _named(self._wiring.watches, name, self._wiring.settings.watches.path)
            raise
        return entry, content_id("watches.yaml", text)

    def _file_text(self) -> str:
        path = Path(self._wiring.settings.watches.path)
        return path.read_bytes().decode("utf-8") if path.is_file() else ""

    def tried(self, entry: str, days: int, name: str = "") -> dict[str, Any]:
        """What a watch that is not saved means, and would have done; beside the one in force of that name.

        Raises:
            ConfigError: It is no watch.
        """
        from pipeline.alerts.backtest.backtest import compare
        from pipeline.stages.alerting.questions import backtest_watch

        now = self._wiring.clock()
        watch = self._written(entry)
        result = backtest_watch(self._wiring.store, watch, now - timedelta(days=days), now)
        document = self._checked([watch])[0].as_json() | {"backtest": result.as_json(), "before": None}
        known = next((each for each in self._wiring.watches if each.name == name), None)
        if known is not None:
            before = backtest_watch(self._wiring.store, known, now - timedelta(days=days), now)
            document["before"] = before.as_json()
            document["difference"] = compare(before, result).as_json()
        return document

    def _written(self, entry: str) -> Watch:
        """One watch as its text says.

        Raises:
            ConfigError: It is no watch, or more than one.
        """
        try:
            content = yaml.safe_load(entry)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise ConfigError(" ".join(str(error).split()), "the watch") from None
        entries = content if isinstance(content, list) else [content]
        if len(entries) != 1 or not isinstance(entries[0], dict):
            raise ConfigError("write one watch: it begins with “- name:”", "the watch")
        return watch_from(entries[0], self._wiring.settings.timezone, "what is written here")

    def save(self, name: str, entry: str, state: str) -> str:
        """Puts a watch into `watches.yaml`; every other line stays. Returns its name.

        Args:
            name: Which one is replaced; "" adds one.
            entry: Its text.
            state: The state of the file that was looked at.

        Raises:
            ContradictionError: The file is another by now.
            ConfigError: The watch, or the file with it, is wrong; nothing is changed.
            UsageError: The file cannot be written.
        """
        from pipeline.alerts.watch.edited_file import with_added, with_changed

        path = Path(self._wiring.settings.watches.path)
        text = self._file_text()
        if content_id("watches.yaml", text) != state:
            raise ContradictionError(f"{path} was changed meanwhile; look at it and save again")
        watch = self._written(entry)
        bare = entry if entry.lstrip().startswith("-") else yaml.safe_dump([yaml.safe_load(entry)])
        made = with_changed(text, name, bare) if name else with_added(text, bare)
        found = load_watches(Document(str(path), yaml.safe_load(made), {}), self._wiring.settings.timezone)
        before = {each.name: each for each in self._wiring.watches}
        others = {each.name: each for each in found if each.name != watch.name}
        if others != {key: each for key, each in before.items() if key not in {name, watch.name}}:
            raise UsageError(f"{path}: cannot be changed in place; change it by hand:\n{bare}")
        try:
            kept = self._wiring.home / "desk" / "watches"
            kept.mkdir(parents=True, exist_ok=True)
            (kept / f"{self._wiring.clock():%Y%m%dT%H%M%S%f}.yaml").write_bytes(text.encode())
            beside = path.with_suffix(".yaml.new")
            beside.write_bytes(made.encode())
            beside.replace(path)
        except OSError as error:
            raise UsageError(
                f"{path}: cannot be written ({error.strerror}); put the watch in by hand"
            ) from None
        return watch.name

    def told(self, stories: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """For each story, the watches that have told of it."""
        found: dict[str, tuple[str, ...]] = {}
        for state in self.tellings_of(stories):
            if state.alerts:
                found[state.story] = (*found.get(state.story, ()), state.watch)
        return found

    def backtest(
        self, name: str, since: str, against: str | None = None, page: Path | None = None
    ) -> tuple[Backtest, dict[str, Any]]:
        """What a watch would have done on the history in the store.

        Args:
            name: The watch.
            since: From when on: an age or a date.
            against: Another version to compare with: a file, or `git:REVISION` of `watches.yaml`.
            page: Where to write the result as one HTML page.

        Returns:
            The result, and its JSON with the difference when there is one.

        Raises:
            NotFoundError: There is no watch of this name.
            UsageError: `against` cannot be read.
        """
        from pipeline.alerts.backtest.backtest import compare
        from pipeline.alerts.backtest.report import render_backtest_html
        from pipeline.stages.alerting.questions import backtest_watch

        now = self._wiring.clock()
        start = moment(since, now) or now
        result = backtest_watch(
            self._wiring.store, _named(self._wiring.watches, name, "watches.yaml"), start, now
        )
        document = result.as_json()
        before = difference = None
        if against:
            other = _named(
                load_watches(self._version(against), self._wiring.settings.timezone), name, against
            )
            before = backtest_watch(self._wiring.store, other, start, now)
            difference = compare(before, result)
            document["difference"] = difference.as_json()
        if page:
            watch = _named(self._wiring.watches, name, "watches.yaml")
            page.write_text(render_backtest_html(watch, result, before, difference), encoding="utf-8")
        return result, document

    def _version(self, against: str) -> Document:
        if not against.startswith("git:"):
            return read_document(Path(against))
        path = Path(self._wiring.settings.watches.path)
        revision = against.removeprefix("git:") or "HEAD"
        if revision.startswith("-"):
            raise UsageError(f"--against {against}: not a revision")
        shown = subprocess.run(  # noqa: S603 - a fixed command; the revision cannot be an option
            ["git", "show", f"{revision}:./{path.name}"],  # noqa: S607 - git is where the user has it
            cwd=path.parent,
            capture_output=True,
            text=True,
            check=False,
        )
        if shown.returncode:
            reason = shown.stderr.strip().splitlines()[-1:] or ["git failed"]
            raise UsageError(f"--against {against}: {reason[0]}")
        return Document(f"{against}:{path.name}", yaml.safe_load(shown.stdout) or {}, {})


def _named(watches: tuple[Watch, ...], name: str, where: str) -> Watch:
    for watch in watches:
        if watch.name == name:
            return watch
    raise NotFoundError(f"watch {name}: no watch in {where} has this name; `wirewatch watch list` lists them")
