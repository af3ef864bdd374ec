"""Alerts → the bytes that are sent: a multipart mail, or JSON for a webhook."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from pipeline.alerts.decide.decide import WatchRule, query_at
from pipeline.alerts.send.content import Item, clean, phrase, safe_url, section
from pipeline.query import parse
from pipeline.query.hits import Prepared
from pipeline.records import Alert, Message, StoredArticle
from pipeline.settings import MailSettings

# A longer subject is cut: phones show some 40 characters, and mail servers wrap long headers badly.
SUBJECT_CHARS = 140
# Room for such a subject in one line; 78 would put all of a longer one on a second. RFC 5322 allows 998.
_HEADER_CHARS = 200
# The longest line of quoted-printable text (RFC 2045).
_BODY_CHARS = 76


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a message became: its Message-ID and its bytes."""

    message_id: str
    payload: bytes


class Renderer:
    """Renders messages; loads its templates once.

    Args:
        settings: The sender, and the list headers where they are configured.
    """

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        environment = Environment(
            loader=PackageLoader("pipeline.alerts.send", "templates"),
            autoescape=select_autoescape(("html",), default=False),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._html = environment.get_template("mail.html")
        self._text = environment.get_template("mail.txt")

    def render(self, message: Message, rule: WatchRule, items: Sequence[Item], now: datetime) -> Rendered:
        """Renders one message.

        Args:
            message: Whose id fixes the Message-ID.
            rule: The watch and its query.
            items: The stories it tells of, at least one.
            now: The mail's date (UTC).
        """
        if message.channel == "webhook":
            return Rendered(self.message_id(message), _json(message, rule, items))
        return Rendered(self.message_id(message), self._mail(message, rule, items, now))

    def message_id(self, message: Message) -> str:
        """The Message-ID, the same however often the message is rendered."""
        domain = parseaddr(self._settings.sender)[1].rpartition("@")[2] or "localhost"
        return f"<{message.id}@{domain}>"

    def _mail(self, message: Message, rule: WatchRule, items: Sequence[Item], now: datetime) -> bytes:
        watch = rule.watch
        sections = [section(watch, rule, item, brief=len(items) > 1) for item in items]
        language = watch.language
        context: dict[str, Any] = {
            "language": language,
            "watch": clean(watch.name),
            "description": clean(watch.description),
            "query": clean(watch.query),
            "sections": sections,
            "digest": len(sections) > 1,
            "subject": self._subject(rule, sections),
            "unsubscribe": safe_url(self._unsubscribe(message)),
            "say": lambda key, **values: phrase(language, key, **values),
        }
        policy = SMTP if message.to.isascii() else SMTPUTF8
        mail = EmailMessage(policy=policy.clone(max_line_length=_BODY_CHARS))
        self._headers(mail, message, rule, now)
        mail["Subject"] = context["subject"]
        mail.set_content(self._text.render(context), charset="utf-8", cte="quoted-printable")
        mail.add_alternative(
            self._html.render(context), subtype="html", charset="utf-8", cte="quoted-printable"
        )
        mail.set_boundary(f"=_{message.id}")
        return self._plain_headers(message, items) + mail.as_bytes(
            policy=policy.clone(max_line_length=_HEADER_CHARS)
        )

    @staticmethod
    def _subject(rule: WatchRule, sections: Sequence[Any]) -> str:
        watch = rule.watch
        if len(sections) > 1:
            text = phrase(watch.language, "digest_subject", count=len(sections), watch=clean(watch.name))
        else:
            text = f"{sections[0].label}: {sections[0].title}"
        text = _header(text)
        return text if len(text) <= SUBJECT_CHARS else text[: SUBJECT_CHARS - 1].rstrip() + "…"

    def _headers(self, mail: EmailMessage, message: Message, rule: WatchRule, now: datetime) -> None:
        name, address = parseaddr(self._settings.sender)
        mail["From"] = Address(_header(name), addr_spec=address) if address else "wirewatch@localhost"
        mail["To"] = Address(addr_spec=message.to)
        mail["Date"] = format_datetime(now.astimezone(UTC))
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Wirewatch-Watch"] = _header(rule.watch.name)

    def _plain_headers(self, message: Message, items: Sequence[Item]) -> bytes:
        """Headers of one long token each: the email package would wrap or encode those, and break them."""
        own = self.message_id(message)
        lines = [f"Message-ID: {own}"]
        threads = [item.thread for item in items if item.thread not in {"", own}]
        if len(items) == 1 and threads:
            lines += [f"In-Reply-To: {threads[0]}", f"References: {threads[0]}"]
        if self._settings.list_id:
            lines.append(f"List-Id: <{clean(self._settings.list_id).strip('<>')}>")
        unsubscribe = self._unsubscribe(message)
        if unsubscribe:
            lines.append(f"List-Unsubscribe: <{unsubscribe}>")
            if unsubscribe.startswith("https://"):
                lines.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
        return "".join(f"{line}\r\n" for line in lines).encode("ascii", "replace")

    def _unsubscribe(self, message: Message) -> str:
        text = clean(self._settings.unsubscribe)
        text = text.replace("{watch}", quote(message.watch, safe=""))
        text = text.replace("{address}", quote(message.to, safe=""))
        # Anything but an address's own characters would end the header or the link.
        return quote(text, safe=":/?#[]@!$&'()*+,;=%~-._")


def _header(text: str) -> str:
    """One line that is not taken for an encoded word, which the email package decodes, line ends and all."""
    return clean(text).replace("=?", "= ?")


def _json(message: Message, rule: WatchRule, items: Sequence[Item]) -> bytes:
    document = {
        "version": 1,
        "id": message.id,
        "watch": rule.watch.name,
        "query": rule.watch.query,
        "stories": [_story(rule, item) for item in items],
    }
    return json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1).encode("utf-8", "replace")


def _story(rule: WatchRule, item: Item) -> dict[str, Any]:
    story = item.story
    return {
        "id": story.id,
        "title": story.title,
        "origins": story.origins,
        "outlets": list(story.outlets),
        "first_published": _stamp(story.first_published),
        "last_published": _stamp(story.last_published),
        "summary": [{"text": each.text, "article": each.article} for each in story.summary],
        "entities": [{"id": each.id, "name": each.name, "type": each.kind} for each in story.entities],
        "alerts": [_alert(alert) for alert in item.alerts],
        "articles": [_article(rule, member, item.shown) for member in item.members],
    }


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "kind": alert.kind,
        "reason": alert.reason,
        "articles": list(alert.articles),
        "at": _stamp(alert.at),
    }


def _article(rule: WatchRule, member: StoredArticle, shown: int) -> dict[str, Any]:
    article, ready = member.enriched.article, Prepared(member)
    hits = parse.hits(query_at(rule, ready), ready)
    return {
        "id": article.id,
        "title": article.title,
        "source": article.outlet,
        "url": article.url,
        "published": _stamp(article.published) if article.published else None,
        "new": member.seq > shown,
        "hits": list(dict.fromkeys(hit.text for hit in hits)),
    }


def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
