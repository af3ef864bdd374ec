"""A decision record in words and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from pipeline.cli.situations import tie_text
from pipeline.cli.tables.fitting import Listing, TableColumn, heading

Json = Mapping[str, Any]

_WORDS: Final = {
    "text": "words in common",
    "lead": "pairs of words in title and lead",
    "vector": "meaning, by vectors",
    "contrast": "shared with its other candidates too",
    "time": "distance in time",
    "outlet": "of the same outlet",
    "figures": "title alike but for its figures",
    "years": "other years in a text without a date",
    "facts": "persons, names and magnitudes in common or not",
}
# What is shown with three decimals and is less does not count.
_NOTHING: Final = 0.0005


def why_text(out: Console, decision: Json, title: str, titles: Mapping[str, str]) -> None:
    """Prints why an article is in its story.

    Args:
        out: Where to.
        decision: As `wirewatch why --json` gives it.
        title: The article's.
        titles: Those of the stories, by id.
    """
    heading(out, title, f" ({decision['article']})")
    verb = "founded its story: nothing came near enough" if decision["founded"] else "joined"
    out.print(f"{verb} · decided by {decision['by']} · now in {decision['story']}", markup=False)
    if decision["chosen"] is None:
        out.print("  there was no story that it could be compared with")
    else:
        columns = (
            TableColumn(" "),
            TableColumn(" ", least=20),
            TableColumn("value", right=True),
            TableColumn("counts", right=True),
        )
        listing = Listing(columns, f"needed {decision['threshold']:.3f}")
        _candidate(listing, "best" if decision["founded"] else "chosen", decision["chosen"], titles)
        _candidate(listing, "runner-up", decision["runner_up"], titles)
        listing.show(out)
    for entry in decision["evidence"]:
        same = entry["article"] == entry["story"]
        sign = "≠" if entry["kind"].startswith("against ") else "⇔"
        text = entry["article"] if same else f"{entry['article']}  {sign}  {entry['story']}"
        out.print(f"  {entry['kind']}: {text}", markup=False)
    if decision.get("situation"):
        out.print(f"  part of the situation {decision['situation']}", markup=False)
    if tie := decision.get("tie"):
        tied = "tied by" if decision.get("situation") else "in no situation by"
        out.print(f"  {tied}: {tie_text(tie)}", markup=False)
    for form in decision.get("forms", ()):
        if form["because"]:
            where = form["url"] or form["feed"] or form["item"]
            said = f"same article as {where} of {form['at']} because {form['because']}"
            out.print(f"  {said} (item {form['item'][:12]})", markup=False)
    for other in decision.get("told_apart", ()):
        said = f"another article than {other['article']}: a person's correction {other['correction']}"
        out.print(f"  {said}", markup=False)
    against = _against(decision)
    if against:
        out.print(f"  against {against}", markup=False)
    for constraint in decision["constraints"]:
        said = "correction: " if "correction" in constraint else ""
        out.print(f"  {said}{constraint}", markup=False)


def _candidate(listing: Listing, label: str, candidate: Json | None, titles: Mapping[str, str]) -> None:
    """A story's rows: its score, and what that is made of."""
    if candidate is None:
        return
    title = titles.get(candidate["story"], candidate["story"])
    listing.row(Text(label, "bold"), title, "", Text(f"{candidate['score']:.3f}", "bold"))
    for name, contribution in candidate["features"].items():
        if abs(contribution) >= _NOTHING:
            words = _WORDS.get(name, name)
            listing.row("", words, f"{candidate['values'][name]:.3f}", f"{contribution:+.3f}")


def _against(decision: Json) -> str:
    """What told against the story that was not chosen: the best one of a founder, or the runner-up."""
    founded = decision["founded"]
    lost = decision["chosen"] if founded else decision["runner_up"]
    if lost is None:
        return ""
    reasons = []
    chosen = {} if founded or decision["chosen"] is None else decision["chosen"]["features"]
    if lost["score"] < decision["threshold"]:
        reasons.append(f"{lost['score']:.3f} of the {decision['threshold']:.3f} needed")
    less = {name: value - chosen.get(name, 0.0) for name, value in lost["features"].items()}
    for name, difference in sorted(less.items(), key=lambda item: item[1]):
        if difference <= -_NOTHING:
            reasons.append(f"{_WORDS.get(name, name)} {difference:+.3f}")
    return f"the {'best' if founded else 'runner-up'}: {', '.join(reasons)}" if reasons else ""
