"""The README's section on one's own news, typed as it stands by somebody with an OPML file and a mailbox."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
import time
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import yaml
from aiosmtpd.controller import Controller

from seeds.demo import SEEDS, outlets

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = re.search(r"^## Your own news, in ten minutes$(.*?)^## ", README, re.MULTILINE | re.DOTALL)
assert SECTION is not None
LINES = re.findall(r"^    (wirewatch .*)$", SECTION[1].replace("\\\n", ""), re.MULTILINE)


class Mailbox:
    """Keeps what it is sent."""

    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):  # noqa: ARG002, N802  the name aiosmtpd calls
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


def line(start):
    """The command of the README that begins so, without its remark."""
    (found,) = (each for each in LINES if each.startswith(start))
    return re.sub(r"\s#.*$", "", found)


@pytest.mark.slow
def test_the_first_right_alert_by_the_readme_alone(tmp_path):
    begun = time.monotonic()
    home = tmp_path / "home"
    home.mkdir()
    clean = {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    mail = Controller(box, hostname="127.0.0.1", port=port)
    mail.start()

    def typed(command, folder):
        done = subprocess.run(
            ["/bin/bash", "-c", command], cwd=folder, env=clean, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    try:
        with outlets() as server:
            address = f"http://127.0.0.1:{server.server_address[1]}"
            names = sorted(path.stem for path in (SEEDS / "feeds" / "first").glob("*.xml"))
            entries = "".join(f'<outline type="rss" text="{n}" xmlUrl="{address}/{n}.xml"/>' for n in names)
            (home / "reader.opml").write_text(f'<opml version="2.0"><body>{entries}</body></opml>')
            begin = line("wirewatch init news --opml")
            said = typed(re.sub(r"smtp\+starttls://\S+", f"smtp://127.0.0.1:{port}", begin), home)
            assert "sent to you@example.org: taken" in said
            assert [each["Subject"] for each in box.mails] == ["Wirewatch: a test message"]
            # Somebody's feeds are public; these are on this machine, which is refused unless it is allowed.
            settings = home / "news" / "config" / "settings.yaml"
            given = yaml.safe_load(settings.read_text()) | {"fetch": {"private_hosts": ["127.0.0.1"]}}
            settings.write_text(yaml.safe_dump(given))
            typed(line("wirewatch fetch"), home / "news")
            typed(line("wirewatch alert"), home / "news")
    finally:
        mail.stop()
    (alert,) = box.mails[1:]
    assert alert["To"] == "you@example.org"
    assert "ferry capsizes" in alert["Subject"]
    text = alert.get_body(("plain",)).get_content()
    assert len(re.findall(r"https?://\S+", text)) >= 2
    assert time.monotonic() - begun < 600
    for rest in ("wirewatch feeds packs", "wirewatch feeds add germany-de", "wirewatch watch check"):
        assert shlex.split(rest) <= shlex.split(line(rest))
        typed(line(rest), home / "news")
