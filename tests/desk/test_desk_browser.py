"""The pages in a real browser: eight journeys with and without JavaScript, keys, contrast, width, print.

They need Chromium. Where there is none they are skipped; with BROWSER_REQUIRED=1
they fail instead.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from desk_browser import Town, chromium
from playwright.sync_api import expect, sync_playwright

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

# Milliseconds: a browser and pages on a machine that does other things too.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PLACES = (
    "/",
    "/?with={storm}&with={ferry}&outlet=Harbour+Post",
    "/?q=nothing",
    "/stories/{storm}",
    "/stories/{arabic}",
    "/stories/{loud}?by=time",
    "/articles/{article}",
    "/articles/{arabic_article}",
    "/search",
    "/search?q=storm+OR+ferry",
    "/search?q=storm+AND+(",
    "/names",
    "/situations",
    "/watches",
    "/watches/storms",
    "/watches/ferries?why={ferry}",
    "/watches/storms/edit",
    "/watches/new",
    "/feeds",
    "/feeds/courier",
    "/quarantine",
    "/quarantine/{entry}",
    "/corrections",
    "/doctor",
    "/about",
    "/nothing-here",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium; one for all tests."""
    path = chromium()
    if path is None:
        reason = "no Chromium: install Debian's `chromium`, or name one with CHROMIUM=/path"
        if os.environ.get("BROWSER_REQUIRED"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as tools:
        # As root, which containers are, Chromium's own sandbox does not start.
        flags = ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        started = tools.chromium.launch(executable_path=path, args=flags)
        yield started
        started.close()


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> Iterator[Town]:
    """News in a store, and pages over it."""
    made = Town(tmp_path_factory.mktemp("town"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def named(town) -> dict[str, str]:
    """Ids of what the tests look at, by a word of the title."""
    with town.opened() as app:
        found = app.read.stories()[0]
        words = {"storm": "Lake Town", "ferry": "Ferry", "arabic": "عاصفة", "loud": "Tariffs"}
        ids = {name: next(s for s in found if word in s.title) for name, word in words.items()}
        entry = app.stored.rejections()[0].id
    return {name: story.id for name, story in ids.items()} | {
        "article": ids["storm"].members[1],
        "arabic_article": ids["arabic"].members[0],
        "entry": entry,
    }


@pytest.fixture
def opened(browser, town) -> Iterator[Callable[..., Any]]:
    """Opens pages in contexts of their own; what the console said is an error."""
    said, contexts = [], []

    def make(width=1280, **more):
        context = browser.new_context(
            base_url=town.url, viewport={"width": width, "height": 900}, timezone_id="UTC", **more
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    refused = "Failed to load resource"  # a page that says 404 or 400 is one that was asked for
    assert [each for each in said if refused not in each] == []


def travellers():
    """Each journey is made with and without JavaScript, on a desk and on a phone."""
    return [
        pytest.param((scripts, width), id=f"{'with' if scripts else 'without'}-scripts-{width}")
        for scripts in (True, False)
        for width in (1280, 390)
    ]


@pytest.fixture(params=travellers())
def page(opened, request) -> Any:
    scripts, width = request.param
    return opened(width, java_script_enabled=scripts)


def fits(page):
    """Whether nothing stands out at the side."""
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def carried_out(page):
    """Waits on the page of a request until it is done: it loads itself anew."""
    expect(page.get_by_role("heading", level=1)).to_contain_text("done")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible(opened, named, scheme):
    page, axe, wrong = (
        opened(1280 if scheme == "light" else 390, color_scheme=scheme, bypass_csp=True),
        Axe(),
        [],
    )
    for place in PLACES:
        page.goto(place.format(**named))
        found = axe.run(page, options={"runOnly": STANDARDS}).response["violations"]
        wrong += [(place, each["id"], each["nodes"][0]["html"][:200]) for each in found]
    assert wrong == []


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_no_page_is_wider_than_its_window_nor_hides_what_can_be_pressed(opened, named, width):
    page, wrong = opened(width), []
    small = """[...document.querySelectorAll('button, select, summary, nav a')]
        .filter(e => e.getClientRects().length && e.getBoundingClientRect().height < 24)
        .map(e => e.outerHTML)"""
    for place in PLACES:
        page.goto(place.format(**named))
        wrong += [] if fits(page) else [f"{place}: wider than {width}"]
        wrong += [f"{place}: {each[:120]}" for each in page.evaluate(small)]
    assert wrong == []


def test_the_policy_of_the_pages_lets_nothing_run_that_is_not_ours(opened, named):
    page = opened()
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for place in PLACES:
        page.goto(place.format(**named))
    assert {url.split("/")[2] for url in asked} == {page.url.split("/")[2]}
    page.goto(f"/stories/{named['loud']}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("{{ 7*7 }}")


def test_a_morning_is_read_and_marked_as_seen(page, named):
    page.goto("/")
    rows = page.locator("ol.rows > li")
    assert rows.count() >= 5
    first = rows.filter(has_text="Lake Town").first
    expect(first).to_contain_text("3 articles")
    outward = first.locator(".sources a.out").first
    assert outward.get_attribute("href").startswith("https://o")
    assert outward.get_attribute("rel") == "noopener noreferrer nofollow"
    page.get_by_role("button", name="Mark all as seen").click()
    expect(page.get_by_text("0 stories with something new since you marked all as seen")).to_be_visible()
    page.get_by_role("link", name="only new ones").click()
    expect(page.get_by_text("No story is like that")).to_be_visible()
    page.get_by_role("link", name=re.compile("^New: ")).first.click()
    page.locator("ol.rows h2 a").filter(has_text="Lake Town").first.click()
    for outlet in ("Harbour Post", "Valley Courier", "Meridian World"):
        expect(page.locator("#not-this-story")).to_contain_text(outlet)
    assert fits(page)


def test_why_two_articles_are_one_story(page, named):
    page.goto("/")
    page.locator("ol.rows h2 a").filter(has_text="Lake Town").first.click()
    page.locator(".line", has_text="forty houses").get_by_role("link", name="why?").click()
    why = page.locator("#why")
    expect(why).to_contain_text(re.compile(r"It joined with \d\.\d+; \d\.\d+ were needed\."))
    expect(why.get_by_role("table")).to_contain_text("words in common")
    assert fits(page)


def test_an_article_is_taken_out_of_its_story_and_put_back(page, named):
    page.goto(f"/stories/{named['storm']}")
    page.locator(".line", has_text="people hurt").get_by_role("checkbox").check()
    page.get_by_role("button", name="Not this story…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What will change")
    assert fits(page)
    page.get_by_label("Why, in your words").fill("another storm")
    page.get_by_role("button", name="Do it").click()
    carried_out(page)
    page.get_by_role("button", name="Take back…").click()
    page.get_by_role("button", name="Do it").click()
    carried_out(page)
    page.goto(f"/stories/{named['storm']}")
    expect(page.locator("main .meta").first).to_contain_text("3 articles")


def test_two_stories_found_by_two_searches_are_merged_and_taken_apart(page, named):
    page.goto("/search?q=contest")
    page.get_by_role("link", name="into the basket").click()
    expect(page.locator(".basket")).to_contain_text("1 story in the basket")
    page.get_by_role("searchbox").fill("museum")
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("link", name="into the basket").click()
    expect(page.locator(".basket")).to_contain_text("2 stories in the basket")
    assert fits(page)
    page.get_by_role("button", name="Merge…").click()
    expect(page.get_by_text("comes here")).to_have_count(1)
    page.get_by_role("button", name="Do it").click()
    carried_out(page)
    page.get_by_role("main").locator("ul a").first.click()
    expect(page.locator("main .meta").first).to_contain_text("2 articles")
    page.get_by_role("button", name="Take back…").first.click()
    page.get_by_role("button", name="Do it").click()
    carried_out(page)


def test_why_somebody_was_not_told(page, named):
    page.goto("/watches")
    page.get_by_role("link", name="ferries", exact=True).click()
    page.get_by_label(re.compile("Why was I not told")).fill(
        f"{page.url.split('/watches')[0]}/stories/{named['ferry']}"
    )
    page.get_by_role("button", name="Ask").click()
    answer = page.locator("#why .note")
    expect(answer).to_contain_text("needed 3 outlets, found 1")
    expect(answer).to_contain_text("does not hold")
    page.goto(f"/stories/{named['storm']}")
    expect(page.get_by_text("told once")).to_be_visible()
    assert fits(page)


def test_a_watch_is_tried_changed_and_saved(page, town):
    page.goto("/watches/storms")
    page.get_by_role("link", name="Change…").click()
    box = page.get_by_label("The watch")
    lines = box.input_value()
    box.fill(lines.replace("query: storm", "query: storm AND ("))
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("alert")).to_contain_text("column")
    page.get_by_label("The watch").fill(lines.replace("outlets: 2", "outlets: 9"))
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("heading", name=re.compile("What it would have done"))).to_be_visible()
    expect(page.get_by_text("no longer told: 1")).to_be_visible()
    assert fits(page)
    note = f"Storms, {abs(hash(page)) % 10**6}"
    page.get_by_label("The watch").fill(re.sub("description: .*", f"description: {note}", lines))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(note)).to_be_visible()
    assert note in (town.config / "watches.yaml").read_text()


def test_what_was_refused_is_tried_again(page, named):
    page.goto("/")
    page.get_by_role("link", name="Quarantine").click()
    page.locator("ul.lines a").first.click()
    page.get_by_role("button", name="Try again").click()
    carried_out(page)
    expect(page.locator("main")).to_contain_text("quarantined 1")
    assert fits(page)


def test_a_feed_of_a_search_opens_without_a_login(page):
    page.goto("/search?q=storm")
    address = page.get_by_role("link", name="Atom").get_attribute("href")
    answer = page.request.get(address)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("application/atom+xml")
    assert "<entry" in answer.text()
    assert "key=" in address


def test_keys_do_what_the_list_of_keys_says(opened):
    page = opened()
    page.goto("/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.locator("ol.rows > li").nth(1)
    expect(second).to_be_focused()
    title = second.locator("h2 a").inner_text()
    page.keyboard.press("o")
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    page.keyboard.press("u")
    expect(page.get_by_role("heading", level=1)).to_have_text("Stories now")
    page.keyboard.press("g")
    page.keyboard.press("q")
    expect(page.get_by_role("heading", level=1)).to_have_text("Quarantine")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("jgq?")
    expect(page.get_by_role("searchbox")).to_have_value("jgq?")
    expect(page.get_by_role("heading", level=1)).to_have_text("Quarantine")
    page.keyboard.press("Tab")
    page.goto("/")
    page.keyboard.press("x")
    page.wait_for_url("**/?with=*")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", level=1)).to_have_text("About")


def test_print_leaves_out_what_is_pressed_and_writes_links_out(opened, named):
    page = opened()
    page.emulate_media(media="print")
    page.goto(f"/stories/{named['storm']}?by=time")
    expect(page.get_by_role("navigation")).to_be_hidden()
    expect(page.locator("#not-this-story")).to_contain_text("Harbour Post")
    expect(page.locator("#not-this-story .line").first).to_be_visible()
    expect(page.get_by_role("checkbox").first).to_be_hidden()


def test_foreign_text_keeps_its_language_and_direction(opened, named):
    page = opened()
    page.goto(f"/articles/{named['arabic_article']}")
    assert page.locator("div.text").evaluate("e => getComputedStyle(e).direction") == "rtl"
    assert page.locator("h1 bdi").get_attribute("lang") == "ar"
    assert page.locator("html").get_attribute("lang") == "en"
