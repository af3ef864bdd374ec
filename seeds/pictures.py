"""`make pictures`: twelve pages of the desk over what `make demo` made, into `docs/images`.

Chromium is driven by Playwright: Debian's `chromium`, or the one that CHROMIUM names.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from playwright.sync_api import Browser, Page, sync_playwright

ROOT: Final = Path(__file__).resolve().parents[1]
HOME: Final = ROOT / "data" / "demo"
IMAGES: Final = ROOT / "docs" / "images"
WIDE: Final = (1180, 820)
PHONE: Final = (390, 844)


@contextmanager
def desk() -> Iterator[str]:
    """The demo's desk on a free port; its address."""
    chosen = ["--home", str(HOME), "--config", str(ROOT / "seeds" / "config")]
    command = [sys.executable, "-c", "from pipeline.cli import main; main()", *chosen]
    with subprocess.Popen(  # noqa: S603  our own program
        [*command, "desk", "--port", "0", "--no-token"], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process.stdout.readline().strip().rstrip("/") if process.stdout else ""
        finally:
            process.terminate()
            process.wait(30)


def chromium() -> str:
    """Where the browser is.

    Raises:
        SystemExit: There is none.
    """
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        raise SystemExit(
            "pictures: no Chromium: install Debian's `chromium`, or name one with CHROMIUM=/path"
        )
    return found


def document(page: Page, address: str) -> Any:
    """The JSON twin of a page."""
    return json.loads(page.request.get(address).text())


def pictures(browser: Browser, desk: str) -> None:
    """Takes all of them."""
    wide = browser.new_page(viewport={"width": WIDE[0], "height": WIDE[1]})
    dark = browser.new_page(viewport={"width": WIDE[0], "height": WIDE[1]}, color_scheme="dark")
    phone = browser.new_page(viewport={"width": PHONE[0], "height": PHONE[1]})
    stories = document(wide, f"{desk}/stories.json")
    largest = max(stories, key=lambda each: (each["size"], each["id"]))
    other = next(each for each in stories if each["id"] != largest["id"])
    told = max(document(wide, f"{desk}/watches.json"), key=lambda each: int(each["alerts"]))
    named = quote(largest["entities"][0]["id"], safe="")
    story, watch = f"{desk}/stories/{largest['id']}", quote(told["name"], safe="")

    def take(page: Page, name: str, address: str) -> None:
        page.goto(address)
        shot(page, name)

    def shot(page: Page, name: str) -> None:
        page.screenshot(path=IMAGES / f"desk-{name}.png")

    take(wide, "stories", f"{desk}/")
    take(dark, "stories-dark", f"{desk}/")
    take(wide, "story", story)
    take(phone, "story-phone", story)
    take(wide, "article-why", f"{desk}/articles/{largest['articles'][-1]['id']}#why")
    take(wide, "search", f"{desk}/search?q={quote(largest['entities'][0]['name'])}")
    take(wide, "name", f"{desk}/names/{named}")
    take(wide, "watch", f"{desk}/watches/{watch}")
    wide.goto(f"{desk}/watches/{watch}/edit")
    wide.get_by_role("button", name="Try it").click()
    wide.get_by_role("heading", name="What it would have done").scroll_into_view_if_needed()
    shot(wide, "watch-tried")
    wide.goto(f"{desk}/?with={largest['id']}&with={other['id']}")
    wide.get_by_role("button", name="Merge").click()
    wide.wait_for_url("**/stories/preview")
    shot(wide, "preview")
    take(wide, "feeds", f"{desk}/feeds")
    take(wide, "watches", f"{desk}/watches")


def main() -> None:
    """Takes the pictures.

    Raises:
        SystemExit: The demo has not run, or there is no Chromium.
    """
    if not (HOME / "wirewatch.db").is_file():
        raise SystemExit("pictures: run `make demo` first")
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []  # as root its sandbox does not start
    with desk() as address, sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=chromium(), args=flags)
        pictures(browser, address)
        browser.close()
    made = sorted(path.name for path in IMAGES.glob("desk-*.png"))
    sys.stdout.write(f"{len(made)} pictures in {IMAGES.relative_to(ROOT)}: {', '.join(made)}\n")


if __name__ == "__main__":
    main()
