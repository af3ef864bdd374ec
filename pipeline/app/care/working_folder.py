"""A working folder: the configuration that comes with the program, copied to where a person can edit it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.addresses import checked_mail_address
from pipeline.alerts.watch.first_watch import entry_text, first_watch, with_entry
from pipeline.errors import StoreError, UsageError
from pipeline.notify.chat import check_channel
from pipeline.notify.smtp import server_of
from pipeline.settings import FILES, expand, load_settings
from pipeline.sources.feeds.feed_packs import pack_named
from pipeline.sources.feeds.opml import add_feeds, read_opml_file

_PACKAGE = Path(__file__).parents[2]
# A wheel carries the files within the package; in the repository they lie beside it.
SHIPPED = next(each for each in (_PACKAGE / "config", _PACKAGE.parent / "config") if each.is_dir())


@dataclass(frozen=True, slots=True)
class FirstWishes:
    """What a person wants from the beginning; all of it may be left out.

    Attributes:
        packs: Names of feed packs; with none, and no `opml`, the feeds are those of `config/feeds.yaml`.
        opml: Feed lists of another reader.
        watch: A few words for a first watch.
        mail: Whom the first watch writes to, and who is told when something breaks.
        smtp: The server, as `mail.smtp`.
        channels: Chat and push services, by name.
    """

    packs: Sequence[str] = ()
    opml: Sequence[Path] = ()
    watch: str = ""
    mail: str = ""
    smtp: str = ""
    channels: Mapping[str, str] = field(default_factory=dict)

    def files(self) -> set[str]:
        """The configuration files that these wishes change."""
        settings = bool(self.smtp or self.channels or self.mail)
        wished = {"feeds": bool(self.packs or self.opml), "watches": bool(self.watch), "settings": settings}
        return {name for name in wished if wished[name]}


def checked_mail(address: str) -> str:
    """A person's own address, if mails could reach it; "" where none is given.

    Raises:
        UsageError: They could not.
    """
    try:
        return checked_mail_address(address) if address else ""
    except ValueError as error:
        raise UsageError(str(error)) from None


def make_working_folder(folder: Path, wishes: FirstWishes, environment: Mapping[str, str]) -> dict[str, Any]:
    """Makes `folder/config` with what is wished for; a file that is there stays as it is.

    Args:
        folder: Made where it is missing.
        wishes: Checked before anything is written.
        environment: For `${NAME}` in the address of a channel.

    Returns:
        `made` and `kept` (paths), and the number of `feeds` that are configured.

    Raises:
        UsageError: A wish cannot be met, or a file that it would change is there already.
        StoreError: The disk does not take it.
        ConfigError: The mail server or a channel has no address that can be used.
    """
    checked_mail(wishes.mail)
    config = folder / "config"
    kept = [name for name in FILES if (config / f"{name}.yaml").exists()]
    for name in kept:
        if name in wishes.files():
            raise UsageError(
                f"{config / name}.yaml: is there already, and stays as it is; edit it, or name another folder"
            )
    feeds = [feed for name in wishes.packs for feed in pack_named(name).feeds()]
    feeds += [feed for file in wishes.opml for feed in read_opml_file(file)]
    texts = {name: (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8") for name in FILES}
    texts["watches"] = _watches(texts["watches"], wishes)
    texts["settings"] = _settings(texts["settings"], wishes, environment)
    if feeds:
        texts["feeds"] = texts["feeds"].partition("\nfeeds:\n")[0] + "\nfeeds: []\n"
    made = {name: config / f"{name}.yaml" for name in FILES if name not in kept}
    try:
        config.mkdir(parents=True, exist_ok=True)
        for name, path in made.items():
            _write_new(path, texts[name], mode=0o600 if name == "settings" else 0o644)
    except OSError as error:
        raise StoreError(f"{error.filename or config}: cannot be made ({error.strerror})") from None
    if feeds:
        add_feeds(config / "feeds.yaml", feeds, ())
    return {
        "made": [str(path) for path in made.values()],
        "kept": [str(config / f"{name}.yaml") for name in kept],
        "feeds": len(load_settings(config, environment).feeds),
    }


def _write_new(path: Path, text: str, mode: int) -> None:
    """Never over a file that is there; `mode` because a mail server's password may stand in the settings."""
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError:  # half a file would be kept the next time
        path.unlink(missing_ok=True)
        raise


def _watches(text: str, wishes: FirstWishes) -> str:
    text = text.replace("you@example.com", wishes.mail) if wishes.mail else text
    return (
        text if not wishes.watch else with_entry(text, entry_text(first_watch(wishes.watch, "", wishes.mail)))
    )


def _settings(text: str, wishes: FirstWishes, environment: Mapping[str, str]) -> str:
    if wishes.smtp:
        server_of(wishes.smtp)
        text = switched_on(text, "mail", "smtp", wishes.smtp)
        if wishes.mail:  # a server takes its own user's address, and few take wirewatch@localhost
            text = switched_on(text, "mail", "from", wishes.mail)
    if wishes.mail:
        text = switched_on(text, "mail", "operator", [wishes.mail])
    for name, url in wishes.channels.items():
        try:
            check_channel(name, expand(url, environment))
        except KeyError as error:
            raise UsageError(f"channel {name}: the environment has no {error.args[0]}") from None
    if wishes.channels:
        text = switched_on(text, "channels", "", dict(wishes.channels))
    return text


def switched_on(text: str, part: str, key: str, value: object) -> str:
    r"""The settings file as it comes, with one key taken out of its comment and given a value.

    Args:
        text: The file.
        part: Such as "mail".
        key: Of the part; "" where the part itself is the key.
        value: Written as JSON, which YAML reads.

    >>> switched_on("# A.\n#mail:\n#  smtp: none\n#  from: me", "mail", "smtp", "smtp://a.test").splitlines()
    ['# A.', 'mail:', '  smtp: "smtp://a.test"', '#  from: me']
    """
    written = json.dumps(value, ensure_ascii=False)
    if not key:
        return re.sub(rf"^#?{part}:.*$", lambda _: f"{part}: {written}", text, count=1, flags=re.MULTILINE)
    opened = re.sub(rf"^#{part}:$", f"{part}:", text, flags=re.MULTILINE)
    head, mark, rest = opened.partition(f"\n{part}:\n")
    line = re.compile(rf"^#  {key}:.*$", re.MULTILINE)
    return head + mark + line.sub(lambda _: f"  {key}: {written}", rest, count=1)
