"""`watches.yaml`: strict, and an error names file, line and key."""

from datetime import time

import pytest

from pipeline.alerts.watch.watch_file import load_watches
from pipeline.errors import ConfigError
from pipeline.records import Conditions, Delivery, Digest, QuietHours, Watch
from pipeline.yaml_documents import read_document

FULL = """\
watches:
  - name: drills
    description: Drills by anybody
    query: 'Gerasimov AND "military drills"'
    conditions: {articles: 2, outlets: 2, origins: 2, topics: [p], entities: [Putin], hot: 1.5, growth: 3}
    match: most
    deliver:
      mail: [a@example.org, b@example.org, a@example.org]
      webhook: https://example.org/hook
      when: digest
      digest: {hours: [17, 7], weekdays: [mon, fri], timezone: Europe/Berlin}
      quiet_hours: {from: "22:00", to: "06:30", timezone: Europe/Berlin}
      at_most_per_day: 5
    follow_up: growth
    language: de
    enabled: false
  - name: short
    query: drill
"""


def loaded(tmp_path, text):
    path = tmp_path / "watches.yaml"
    path.write_text(text, encoding="utf-8")
    return load_watches(read_document(path))


def test_a_full_watch_and_a_short_one(tmp_path):
    assert loaded(tmp_path, FULL) == (
        Watch(
            name="drills",
            query='Gerasimov AND "military drills"',
            description="Drills by anybody",
            conditions=Conditions(2, 2, 2, ("p",), ("Putin",), 1.5, 3),
            match="most",
            deliver=Delivery(
                mail=("a@example.org", "b@example.org"),
                webhook="https://example.org/hook",
                digest=Digest((7, 17), (0, 4), "Europe/Berlin"),
                quiet=QuietHours(time(22), time(6, 30), "Europe/Berlin"),
                at_most_per_day=5,
            ),
            follow_up="growth",
            language="de",
            enabled=False,
        ),
        Watch("short", "drill"),
    )


def test_no_watches(tmp_path):
    assert loaded(tmp_path, "watches:\n") == loaded(tmp_path, "watches: []\n") == loaded(tmp_path, "{}") == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("match: most", "match: all", 6, "watches.0.match"),
        ("match: most", "mach: most", 6, "unknown key"),
        ("outlets: 2", "outlet: 2", 5, "unknown key"),
        ("outlets: 2", "outlets: 0", 5, "greater than or equal to 1"),
        ("a@example.org, b", '"x, y", b', 8, "is not a mail address"),
        ("[a@example.org", '["a@b\\nBcc: c@d"', 8, "is not a mail address"),
        ("a@example.org, b", "a..b@x, b", 8, "is not a mail address"),
        ("a@example.org, b", "a@b@c, b", 8, "is not a mail address"),
        (
            "a@example.org, b",
            "zoë@example.org, b",
            8,
            "has letters before the @ that mail",
        ),
        ("a@example.org, b", "a@☕.example, b", 8, "'☕.example' is not a domain"),
        ("a@example.org, b", "a@xn--zzz--.example, b", 8, "is not a domain"),
        ("https://example.org/hook", "ftp://example.org", 9, "is not an http(s) address"),
        ("[a@example.org, b@example.org, a@example.org]", "a@example.org", 8, "must be a list, such as"),
        ("[17, 7]", "[24]", 11, "watches.0.deliver.digest.hours.0"),
        ("[17, 7]", "[]", 11, "watches.0.deliver.digest.hours"),
        ("[mon, fri]", "[monday]", 11, "weekdays.0"),
        (
            "weekdays: [mon, fri], timezone: Europe/Berlin",
            "timezone: Europa/Berlin",
            11,
            "is not a time zone",
        ),
        (
            "weekdays: [mon, fri], timezone: Europe/Berlin",
            "timezone: ../../etc/passwd",
            11,
            "is not a time zone",
        ),
        ('"22:00"', "22:00", 12, "in quotation marks"),
        ('to: "06:30"', 'to: "22:00"', 12, "never quiet"),
        ("when: digest", "when: immediately", 11, "`when` says immediately"),
        ("name: short", "name: drills", 17, "given twice"),
        ("query: drill", "query: '(drill'", 18, "watches.1.query: column 7: a parenthesis is not closed"),
        ("query: drill", "query: 'titel:drill'", 18, "did you mean title"),
        ("query: drill", "language: en", 17, "watches.1.query: Field required"),
        ("language: de", "language: xx", 15, "watches.0.language"),
        ("name: short", 'name: "a\\nb"', 17, "must be one line"),
    ],
)
def test_errors_name_file_line_and_key(tmp_path, old, new, line, said):
    assert old in FULL
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, FULL.replace(old, new))
    assert caught.value.line == line
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path}/watches.yaml:{line}: ")


def test_a_digest_must_say_when(tmp_path):
    with pytest.raises(ConfigError, match="needs a digest"):
        loaded(tmp_path, "watches: [{name: a, query: b, deliver: {when: digest}}]")
