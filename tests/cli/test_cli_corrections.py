"""A person's corrections, listed, and exported as labelled cases that the judge and the training read."""

import json

from test_cli import ARTICLE, as_json, jsonl, run

from pipeline.app.evaluate import read_labelled

__all__ = ["run"]

OTHERS = [
    {
        "title": "Court frees the mayor of Ellery",
        "text": "A court in Ellery freed the mayor on Tuesday and dropped all charges of fraud. " * 2,
        "url": "https://second.example/court",
        "source": "Second",
        "published": "2026-01-06T09:00:00Z",
    },
    {
        "title": "Forty singers cheer up those who have to wait",
        "text": "A choir gave a concert for commuters who were stranded by high water. " * 2,
        "url": "https://third.example/choir",
        "source": "Third",
        "published": "2026-01-06T12:00:00Z",
    },
]


def test_a_correction_is_listed_and_becomes_labelled_cases(run, tmp_path):
    as_json(run("load", jsonl(tmp_path / "a.jsonl", ARTICLE, *OTHERS), "--json"))
    stories = {story["title"]: story for story in as_json(run("stories", "--json"))}
    assert len(stories) == 3
    bridge, court, choir = (stories[row["title"]] for row in (ARTICLE, *OTHERS))
    assert as_json(run("corrections", "list", "--json")) == []
    assert run("corrections", "export")[1] == ""

    merged = as_json(run("merge", bridge["id"], choir["id"], "--note", "one flood", "--json"))["stories"][0]
    listed = as_json(run("corrections", "list", "--json"))
    assert [(c["kind"], c["note"]) for c in listed] == [("merge", "one flood")]
    named = [article for group in listed[0]["groups"] for article in group]
    assert sorted(named) == sorted(a["id"] for a in merged["articles"])

    code, out, _ = run("corrections", "export")
    assert code == 0
    rows = [json.loads(line) for line in out.splitlines()]
    assert [(row["title"], row["cluster"]) for row in rows] == [
        (ARTICLE["title"], merged["id"]),
        (OTHERS[1]["title"], merged["id"]),
    ]
    assert rows[0]["published"] == ARTICLE["published"]
    assert court["id"] not in out

    file = tmp_path / "mine.jsonl"
    file.write_text(out)
    assert len({row.cluster for row in read_labelled(file)}) == 1
    assert as_json(run("evaluate", file, "--json"))["files"][0]["gold_stories"] == 1


def test_what_a_person_took_apart_is_labelled_as_two_stories(run, tmp_path):
    again = ARTICLE | {"url": "https://other.example/flood", "source": "Other"}
    as_json(run("load", jsonl(tmp_path / "a.jsonl", ARTICLE, again), "--json"))
    (story,) = as_json(run("stories", "--json"))
    out = story["articles"][1]["id"]
    as_json(run("split", story["id"], out, "--json"))
    rows = [json.loads(line) for line in run("corrections", "export")[1].splitlines()]
    assert len({row["cluster"] for row in rows}) == 2
    code, table, _ = run("corrections", "list")
    assert code == 0
    assert "split" in table


def test_a_merge_is_previewed_taken_back_and_said_again_on_the_command_line(run, tmp_path):
    as_json(run("load", jsonl(tmp_path / "a.jsonl", ARTICLE, *OTHERS), "--json"))
    before = {story["id"] for story in as_json(run("stories", "--json"))}
    first, second, _ = sorted(before)
    preview = as_json(run("merge", first, second, "--dry-run", "--json"))
    assert {story["id"] for story in preview["before"]} == {first, second}
    assert len(preview["after"]) == 1
    assert as_json(run("corrections", "list", "--json")) == []

    (merged,) = as_json(run("merge", first, second, "--json"))["stories"]
    (said,) = as_json(run("corrections", "list", "--json"))
    assert said["who"]
    assert (said["kind"], said["undone"], said["stories"]) == ("merge", False, [merged["id"]])
    code, text, _ = run("corrections", "undo", said["id"][:12], "--dry-run")
    assert code == 0
    assert "Nothing was changed." in text
    assert len(as_json(run("corrections", "undo", said["id"][:12], "--json"))["stories"]) == 2
    said, undo = as_json(run("corrections", "list", "--json"))
    assert (said["undone"], said["undone_by"], undo["of"]) == (True, undo["id"], said["id"])
    code, _, err = run("corrections", "undo", said["id"])
    assert code == 2
    assert f"corrections undo {undo['id']}" in err
    assert len(as_json(run("corrections", "undo", undo["id"], "--json"))["stories"]) == 1
    code, table, _ = run("corrections")
    assert code == 0
    assert "undone by" in table


def test_what_is_said_later_waits_for_whoever_writes_next_and_is_done_once(run, tmp_path):
    file = jsonl(tmp_path / "a.jsonl", ARTICLE, *OTHERS)
    as_json(run("load", file, "--json"))
    first, second, third = sorted(story["id"] for story in as_json(run("stories", "--json")))

    asked = as_json(run("merge", first, second, "--later", "--note", "one flood", "--json"))["request"]
    assert asked["state"] == "waiting"
    assert as_json(run("merge", first, second, "--later", "--json"))["request"]["id"] == asked["id"]
    assert len(as_json(run("stories", "--json"))) == 3
    code, table, _ = run("corrections", "requests")
    assert code == 0
    assert "waiting" in table

    as_json(run("load", file, "--json"))  # whoever writes next
    assert len(as_json(run("stories", "--json"))) == 2
    (said,) = as_json(run("corrections", "list", "--json"))
    assert (said["kind"], said["note"]) == ("merge", "one flood")
    assert [each["state"] for each in as_json(run("corrections", "requests", "--json"))] == ["done"]

    run("corrections", "undo", said["id"][:12], "--later", "--json")
    assert [each["state"] for each in as_json(run("corrections", "carry-out", "--json"))] == ["done"]
    assert len(as_json(run("stories", "--json"))) == 3
    code, _, err = run("merge", third, "nothing", "--later")
    assert code == 1
    assert err.startswith("wirewatch: story nothing:")


def test_a_story_is_tied_and_taken_out_on_the_command_line(run, tmp_path):
    as_json(run("load", jsonl(tmp_path / "a.jsonl", ARTICLE, *OTHERS), "--json"))
    stories = {story["title"]: story for story in as_json(run("stories", "--json"))}
    bridge, court, choir = (stories[row["title"]]["id"] for row in (ARTICLE, *OTHERS))
    preview = as_json(run("tie", court, bridge, "--dry-run", "--json"))
    assert {story["situation"] for story in preview["before"]} == {None}
    assert {story["situation"] for story in preview["after"]} == {bridge}
    code, text, _ = run("tie", court, bridge, "--dry-run")
    assert code == 0
    assert f"situation {bridge}" in text
    assert "Watches are asked" not in text
    assert as_json(run("situations", "--json")) == []

    tied = as_json(run("tie", court, bridge, "--note", "one flood", "--json"))["stories"]
    assert {(story["id"], story["situation"]) for story in tied} == {(court, bridge), (bridge, bridge)}
    as_json(run("tie", choir, bridge[:12], "--later", "--json"))
    assert [each["state"] for each in as_json(run("corrections", "carry-out", "--json"))] == ["done"]
    (affair,) = as_json(run("situations", "--json"))
    assert {story["id"] for story in affair["stories"]} == {bridge, court, choir}
    said = as_json(run("corrections", "list", "--json"))
    assert [(each["kind"], each["stories"]) for each in said] == [
        ("tie", sorted([bridge, court])),
        ("tie", [choir]),
    ]
    code, text, _ = run("situation", choir)
    assert code == 0
    assert f"tied by: a person's correction {said[0]['id']}" in text
    assert run("corrections", "export")[1] == ""  # of stories it says nothing

    as_json(run("untie", choir, "--json"))
    article = stories[OTHERS[1]["title"]]["articles"][0]["id"]
    why = as_json(run("why", article, "--json"))
    assert (why["situation"], why["tie"]["by"]) == (None, "person")
    code, text, _ = run("why", article)
    assert code == 0
    assert f"in no situation by: a person's correction {why['tie']['correction']}" in text
    for once_more, err in (("untie", choir), "in no situation"), (("tie", court, bridge), "already"):
        code, _, said_why = run(*once_more)
        assert (code, err in said_why) == (2, True)
    as_json(run("corrections", "undo", why["tie"]["correction"], "--json"))
    assert as_json(run("story", choir, "--json"))["situation"] == bridge


def test_the_beginning_of_an_id_is_enough_while_it_is_unique(run, tmp_path):
    as_json(run("load", jsonl(tmp_path / "a.jsonl", ARTICLE, *OTHERS), "--json"))
    (first, *_) = as_json(run("stories", "--json"))
    assert as_json(run("story", first["id"][:10], "--json"))["id"] == first["id"]
    article = first["articles"][0]["id"]
    assert as_json(run("article", article[:10], "--json"))["id"] == article
    assert as_json(run("why", article[:10], "--json"))["article"] == article
    code, _, err = run("story", "ffffffffff")
    assert (code, len(err.splitlines())) == (1, 1)
