"""Alerts → the bytes that are sent: a multipart mail, or JSON for a webhook."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from functools import cache
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from pipeline.addresses import mail_address, named_mail_address
from pipeline.alerts.decide.watch_rule import WatchRule, query_at
from pipeline.alerts.send.chat_text import chat_text
from pipeline.alerts.send.content import Item, MailSection, clean, phrase, safe_url, section
from pipeline.alerts.send.mail_headers import address_line, header_line
from pipeline.query import hits
from pipeline.query.hits import Prepared
from pipeline.records import Alert, Message, StoredArticle
from pipeline.settings import MailSettings

# A longer subject is cut: phones show some 40 characters, and mail servers wrap long headers badly.
SUBJECT_CHARS = 140
# Gmail shows no more than 102 KB of HTML.
HTML_BYTES = 100_000
# Room for such a subject in one line; 78 would put all of a longer one on a second. RFC 5322 allows 998.
_HEADER_CHARS = 200
# The longest line of quoted-printable text (RFC 2045).
_BODY_CHARS = 76


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a message became: its Message-ID, its bytes, and the subject of a mail on one story."""

    message_id: str
    payload: bytes
    subject: str = ""


@cache
def _templates() -> tuple[Template, Template]:
    """The templates of a mail as HTML and as text; compiled once."""
    environment = Environment(
        loader=PackageLoader("pipeline.alerts.send", "templates"),
        autoescape=select_autoescape(("html",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("mail.html"), environment.get_template("mail.txt")


class Renderer:
    """Renders messages.

    Args:
        settings: The sender, and the list headers where they are configured.
        desk: Where the desk's pages are, or "": then nothing links to them.
    """

    def __init__(self, settings: MailSettings, desk: str = "") -> None:
        self._settings = settings
        self._desk = safe_url(desk.rstrip("/"))
        self._html, self._text = _templates()

    def render(self, message: Message, rule: WatchRule, items: Sequence[Item], now: datetime) -> Rendered:
        """Renders one message.

        Args:
            message: Whose id fixes the Message-ID.
            rule: The watch and its query.
            items: The stories it tells of, at least one.
            now: The mail's date (UTC).
        """
        sections = self._sections(rule, items)
        if message.channel != "mail":
            said = chat_text(rule.watch, sections, self._watch_url(rule))
            if message.channel == "webhook":
                said = _json(message, rule, items, self._desk, said)
            return Rendered(self.message_id(message), said)
        subject = self._subject(rule, sections, items)
        payload = self._mail(message, rule, items, now, subject)
        return Rendered(self.message_id(message), payload, subject if len(items) == 1 else "")

    def _sections(self, rule: WatchRule, items: Sequence[Item]) -> list[MailSection]:
        return [section(rule.watch, rule, item, brief=len(items) > 1, desk=self._desk) for item in items]

    def _watch_url(self, rule: WatchRule) -> str:
        return f"{self._desk}/watches/{quote(rule.watch.name, safe='')}" if self._desk else ""

    def message_id(self, message: Message) -> str:
        """The Message-ID, the same however often the message is rendered."""
        domain = named_mail_address(self._settings.sender)[1].rpartition("@")[2]
        return f"<{message.id}@{domain}>"

    def _mail(
        self, message: Message, rule: WatchRule, items: Sequence[Item], now: datetime, subject: str
    ) -> bytes:
        watch, sections = rule.watch, self._sections(rule, items)
        language = watch.language
        context: dict[str, Any] = {
            "language": language,
            "watch": clean(watch.name),
            "description": clean(watch.description),
            "query": clean(watch.query),
            "sections": sections,
            "digest": len(sections) > 1,
            "count": len(sections),
            "rest": "",
            "watch_url": self._watch_url(rule),
            "subject": subject,
            "unsubscribe": safe_url(self._unsubscribe(message)),
            "say": lambda key, **values: phrase(language, key, **values),
        }
        policy = SMTP if message.to.isascii() else SMTPUTF8
        mail = EmailMessage(policy=policy.clone(max_line_length=_BODY_CHARS))
        mail["To"] = Address(addr_spec=mail_address(message.to))
        mail["Date"] = format_datetime(now.astimezone(UTC))
        mail["Auto-Submitted"] = "auto-generated"
        page = self._bounded(context, language)
        mail.set_content(self._text.render(context), charset="utf-8", cte="quoted-printable")
        mail.add_alternative(page, subtype="html", charset="utf-8", cte="quoted-printable")
        mail.set_boundary(f"=_{message.id}")
        return self._plain_headers(message, rule, items, subject) + mail.as_bytes(
            policy=policy.clone(max_line_length=_HEADER_CHARS)
        )

    def _bounded(self, context: dict[str, Any], language: str) -> str:
        """The page, with as many stories as mail programs show; the rest is a count."""
        sections = context["sections"]
        shown = len(sections)
        while True:
            hidden = len(sections) - shown
            rest = "rest_one" if hidden == 1 else "rest_many"
            context["sections"] = sections[:shown]
            context["rest"] = phrase(language, rest, count=hidden) if hidden else ""
            page = self._html.render(context)
            size = len(page.encode("utf-8", "replace"))
            if size <= HTML_BYTES or shown == 1:
                return page
            shown = max(1, min(shown - 1, shown * HTML_BYTES // size))

    @staticmethod
    def _subject(rule: WatchRule, sections: Sequence[MailSection], items: Sequence[Item]) -> str:
        watch = rule.watch
        if len(items) == 1 and items[0].thread and items[0].subject:
            # Gmail and Outlook keep a thread together only where its subject stays.
            return f"Re: {items[0].subject}"
        if len(sections) > 1:
            text = phrase(watch.language, "digest_subject", count=len(sections), watch=clean(watch.name))
        else:
            text = f"{sections[0].label}: {sections[0].title}"
        text = _header(text)
        return text if len(text) <= SUBJECT_CHARS else text[: SUBJECT_CHARS - 1].rstrip() + "…"

    def _plain_headers(self, message: Message, rule: WatchRule, items: Sequence[Item], subject: str) -> bytes:
        """Headers that the email package would wrap or encode in another way than mail programs like."""
        own = self.message_id(message)
        name, address = named_mail_address(self._settings.sender)
        lines = [
            address_line("From", _header(name), address),
            header_line("Subject", subject),
            header_line("X-Wirewatch-Watch", _header(rule.watch.name)),
            f"Message-ID: {own}",
        ]
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


def _json(message: Message, rule: WatchRule, items: Sequence[Item], desk: str, chat: bytes) -> bytes:
    said = json.loads(chat)
    document = {
        "version": 1,
        "id": message.id,
        # What Slack, Mattermost and Rocket.Chat show of an incoming webhook; they refuse JSON without it.
        "text": f"{said['title']}\n{said['text']}",
        "watch": rule.watch.name,
        "query": rule.watch.query,
        "stories": [_story(rule, item, desk) for item in items],
    }
    return json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1).encode("utf-8", "replace")


def _story(rule: WatchRule, item: Item, desk: str) -> dict[str, Any]:
    story = item.story
    return {
        "id": story.id,
        "title": story.title,
        "url": f"{desk}/stories/{quote(story.id, safe='')}" if desk else None,
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
        "withdrawn": dict(alert.evidence) if alert.kind == "withdrawn" else None,
        "articles": list(alert.articles),
        "at": _stamp(alert.at),
    }


def _article(rule: WatchRule, member: StoredArticle, shown: int) -> dict[str, Any]:
    article, ready = member.enriched.shown, Prepared(member)
    found = hits.hits(query_at(rule, ready), ready)
    return {
        "id": article.id,
        "title": article.title,
        "source": article.outlet,
        "url": article.link or article.url,
        "published": _stamp(article.published) if article.published else None,
        "new": member.seq > shown,
        "hits": list(dict.fromkeys(hit.text for hit in found)),
    }


def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
