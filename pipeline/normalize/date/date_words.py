"""Months, weekdays and zones by name, in the languages of the feeds."""

from __future__ import annotations

import re

from pipeline.text import fold, word_set

# One line a month, twelve lines.
_MONTHS = """
january jan januar jänner janvier janv enero ene gennaio gen janeiro januari января январь янв
february feb februar feber février févr fév febrero febr febbraio fevereiro fev februari февраля февраль фев
march mar märz mrz maerz mars marzo março maart mrt марта март marzec marca mart
april apr avril avr abril abr aprile апреля апрель апр kwiecień kwietnia nisan
may mai mayo maggio mag maio mei мая май maj maja mayıs
june jun juni juin junio giugno giu junho июня июнь июн czerwiec czerwca haziran
july jul juli juillet juil julio luglio lug julho июля июль июл lipiec lipca temmuz
august aug août aout agosto ago augustus августа август авг sierpień sierpnia ağustos
september sep sept septembre septiembre set settembre setembro сентября сентябрь сен
october oct oktober okt octobre octubre ottobre ott outubro out октября октябрь окт
november nov novembre noviembre novembro ноября ноябрь ноя listopad listopada kasım
december dec dezember dez décembre déc diciembre dic dicembre dezembro декабря декабрь дек
""".strip().split("\n")
MONTHS: dict[str, int] = {
    fold(name): number for number, names in enumerate(_MONTHS, start=1) for name in names.split()
}
# Polish and Turkish, where they are not alike in the lines above.
MONTHS |= {
    **dict.fromkeys(("styczen", "stycznia", "ocak"), 1),
    **dict.fromkeys(("luty", "lutego", "subat"), 2),
    **dict.fromkeys(("wrzesien", "wrzesnia", "eylul"), 9),
    **dict.fromkeys(("pazdziernik", "pazdziernika", "ekim"), 10),
    **dict.fromkeys(("grudzien", "grudnia", "aralık"), 12),
}
_WEEKDAYS = word_set(
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs "
    "fri sat sun montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi "
    "do fr sa so lundi mardi mercredi jeudi vendredi samedi dimanche lun mer jeu ven sam dim "
    "lunes martes miércoles miercoles jueves viernes sábado sabado domingo mié jue vie sáb sab "
    "dom lunedì martedì mercoledì giovedì venerdì gio segunda terça quarta quinta sexta feira "
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag понедельник вторник среда "
    "четверг пятница суббота воскресенье пн вт ср чт пт сб вс "
)
WEEKDAYS = frozenset(fold(name) for name in _WEEKDAYS)

# Hours from UTC. Names with two meanings take that of the outlets that write them in English.
ZONES: dict[str, float] = {
    "UTC": 0,
    "GMT": 0,
    "Z": 0,
    "UT": 0,
    "WET": 0,
    "WEST": 1,
    "BST": 1,
    "IST": 5.5,
    "CET": 1,
    "CEST": 2,
    "MEZ": 1,
    "MESZ": 2,
    "MET": 1,
    "MEST": 2,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
    "MSD": 4,
    "TRT": 3,
    "SAST": 2,
    "CAT": 2,
    "EAT": 3,
    "WAT": 1,
    "IDT": 3,
    "AST": -4,
    "ADT": -3,
    "NST": -3.5,
    "NDT": -2.5,
    "EST": -5,
    "EDT": -4,
    "ET": -5,
    "CST": -6,
    "CDT": -5,
    "CT": -6,
    "MST": -7,
    "MDT": -6,
    "MT": -7,
    "PST": -8,
    "PDT": -7,
    "PT": -8,
    "AKST": -9,
    "AKDT": -8,
    "HST": -10,
    "BRT": -3,
    "ART": -3,
    "CLT": -4,
    "CLST": -3,
    "COT": -5,
    "PET": -5,
    "VET": -4,
    "PKT": 5,
    "NPT": 5.75,
    "SLST": 5.5,
    "BDT": 6,
    "BDST": 6,
    "MMT": 6.5,
    "ICT": 7,
    "WIB": 7,
    "SGT": 8,
    "MYT": 8,
    "HKT": 8,
    "PHT": 8,
    "AWST": 8,
    "JST": 9,
    "KST": 9,
    "ACST": 9.5,
    "ACDT": 10.5,
    "AEST": 10,
    "AEDT": 11,
    "NZST": 12,
    "NZDT": 13,
    "GST": 4,
    "AZT": 4,
    "IRST": 3.5,
    "UZT": 5,
    "EAST": -6,
}

DATE_WORD = (
    "(?:"
    + "|".join(
        sorted(
            {re.escape(name) for names in _MONTHS for name in names.split()}
            | {re.escape(name) for name in _WEEKDAYS}
            | {re.escape(name) for name in ZONES if len(name) > 1 and name not in {"ET", "CT", "MT", "PT"}}
            | {
                "et",
                "pt",
                "noon",
                "midnight",
                "today",
                "yesterday",
                "heute",
                "gestern",
                "hoy",
                "ayer",
                "hier",
                "eastern",
                "pacific",
            },
            key=lambda name: (-len(name), name),
        )
    )
    + ")"
)
