"""Of the feed's text and the page's the fuller one is kept, and which that was is noted."""

from test_normalize_properties import item

from pipeline.normalize.article import normalize

TEASER = "The bridge at Harrow is closed."
PAGE = (
    "<html><head><title>Flood closes bridge</title></head><body><article><h1>Flood closes bridge</h1>"
    + "".join(
        f"<p>On day {n} the river rose by another {n} metres at Harrow; engineers said that the bridge "
        f"would stay closed until the water had fallen below mark {n}.</p>"
        for n in ("one", "two", "three", "four")
    )
    + "</article></body></html>"
)


def test_a_page_that_says_more_than_the_teaser_is_taken():
    article = normalize(item(title="Flood closes bridge", body=TEASER, page=PAGE))
    assert "On day four" in article.text
    (note,) = (removed for removed in article.removed if removed.text == TEASER)
    assert note.rule == "feed body: the page's text is fuller"


def test_a_feed_that_says_as_much_as_its_page_is_kept():
    full = " ".join(f"The council of Harrow heard witness {n} on the state of the bridge." for n in range(40))
    article = normalize(item(title="Flood closes bridge", body=full, page=PAGE))
    assert article.text == full
    assert any(removed.rule == "page text: the feed's body is no less" for removed in article.removed)
