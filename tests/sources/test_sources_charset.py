"""Encodings: undeclared, declared wrongly, declared late, and none at all."""

from __future__ import annotations

import pytest

from pipeline.sources.read.charset import decode, read_bytes
from pipeline.sources.read.payload import parse_capture

TEXTS = {
    "ru": "Паром задержали в порту до утра из-за сильного ветра, пассажиров разместили у причала.",
    "uk": "Пором затримали в порту до ранку через сильний вітер, пасажирів розмістили біля причалу.",
    "el": "Το πλοίο έμεινε στο λιμάνι ως το πρωί λόγω των ισχυρών ανέμων, είπε η εταιρεία.",
    "ja": "強風のためフェリーは翌朝まで港にとどまり、乗客は桟橋近くの宿に泊まったと会社が説明した。",
    "zh": "由于大风,渡轮在港口停留到早上,乘客被安排住进码头附近的旅馆,公司发言人表示。",
    "ko": "강풍으로 여객선이 아침까지 항구에 머물렀고 승객들은 부두 근처 숙소에 묵었다고 회사가 밝혔다.",
    "ar": "بقيت العبارة في الميناء حتى الصباح بسبب الرياح القوية ونزل الركاب في فندق قرب الرصيف.",
    "he": "המעבורת נשארה בנמל עד הבוקר בגלל הרוח החזקה, והנוסעים לנו במלון ליד הרציף.",
    "th": "เรือเฟอร์รี่จอดที่ท่าเรือจนถึงเช้าเพราะลมแรง ผู้โดยสารพักที่โรงแรมใกล้ท่าเรือ",
    "pl": "Prom został w porcie do rana, ponieważ wiał silny wiatr, a pasażerów umieszczono w hotelu.",
    "cs": "Trajekt zůstal v přístavu až do rána, protože foukal silný vítr, a cestující přespali v hotelu.",
    "tr": "Güçlü rüzgâr nedeniyle feribot sabaha kadar limanda kaldı, yolcular otele yerleşti.",
    "fr": "Le traversier est resté à quai jusqu'au matin à cause du vent, les passagers à l'hôtel.",
    "de": "Die Fähre blieb wegen des Sturms bis zum Morgen im Hafen, Gäste übernachteten im Gasthaus.",
}
ENCODED = [
    (language, name)
    for names, languages in {
        "cp1251 koi8-u iso8859-5": "uk",
        "cp1251 koi8-r cp866": "ru",
        "cp1253 iso8859-7": "el",
        "shift_jis euc_jp iso2022_jp": "ja",
        "gb18030 gbk big5": "zh",
        "euc_kr": "ko",
        "cp1256": "ar",
        "cp1255": "he",
        "cp874": "th",
        "cp1250 iso8859-2": "pl cs",
        "cp1254": "tr",
        "cp1252": "fr de",
    }.items()
    for name in names.split()
    for language in languages.split()
    if (language, name) not in {("zh", "big5"), ("uk", "iso8859-5")}
]


@pytest.mark.parametrize(("language", "name"), ENCODED)
def test_a_declared_encoding_is_believed(language, name):
    text = TEXTS[language]
    assert decode(text.encode(name), f"text/plain; charset={name}") == text


@pytest.mark.parametrize(("language", "name"), ENCODED)
def test_an_undeclared_encoding_is_recognised(language, name):
    text = TEXTS[language]
    assert decode(text.encode(name)) == text
    page = f"<html><head><script>{'var a = 1; ' * 400}</script></head><body><p>{text}</p></body></html>"
    assert text in decode(page.encode(name))


HEADLINES = {
    "Паром стоит в порту": "cp1251 koi8-r iso8859-5 cp866",
    "Фериботът остава в пристанището": "cp1251 koi8-r iso8859-5",
    "Пором стоїть у порту": "cp1251 koi8-u",
    "Трајект остаје у луци до јутра": "cp1251 iso8859-5",
    "Το πλοίο έμεινε στο λιμάνι": "cp1253 iso8859-7",
    "המעבורת נשארה בנמל עד הבוקר": "cp1255 iso8859-8",
    "بقيت العبارة في الميناء": "cp1256 iso8859-6",
    "كشتي تا صبح در بندر ماند": "cp1256",
    "เรือเฟอร์รี่จอดที่ท่าเรือ": "cp874",
    "フェリーは朝まで港にとどまる": "shift_jis euc_jp iso2022_jp",
    "渡轮停留在港口到早上": "gb18030",
    "渡輪停留在港口到早上": "big5",
    "여객선이 아침까지 항구에 머물렀다": "euc_kr",
}


@pytest.mark.parametrize(
    ("headline", "name"), [(text, name) for text, names in HEADLINES.items() for name in names.split()]
)
def test_a_headline_alone_is_read_or_doubted_and_never_of_another_script(headline, name):
    found = read_bytes(headline.encode(name))
    assert found.text == headline or not found.sure


LATIN_HEADLINES = {
    "Rząd podnosi podatki": "cp1250 iso8859-2",
    "Pożar w fabryce pod Łodzią": "cp1250 iso8859-2",
    "Nowy most w Świnoujściu": "iso8859-2",
    "Župan podnio ostavku": "cp1250 iso8859-2",
    "Le maire réélu à Évreux": "cp1252 mac_roman",
    "L’État relève la taxe": "cp1252 mac_roman",
    "Perché la città è al buio": "cp1252 mac_roman",
    "Rain of 12 mm³ and 40 m² in Cádiz, 5½ days": "cp1252",
    "¿Qué pasó? El niño halló 3ª parte": "cp1252",
    "Άνοιξε η νέα γέφυρα του λιμανιού": "cp1253",
}


@pytest.mark.parametrize(
    ("headline", "name"), [(text, name) for text, names in LATIN_HEADLINES.items() for name in names.split()]
)
def test_a_sign_within_a_word_tells_that_the_reading_is_wrong(headline, name):
    assert decode(headline.encode(name)) == headline


@pytest.mark.parametrize(("language", "name"), ENCODED)
def test_a_server_that_calls_everything_latin_is_not_believed(language, name):
    text = TEXTS[language]
    assert decode(text.encode(name), "text/html; charset=ISO-8859-1") == text


@pytest.mark.parametrize("server", ["", "text/xml; charset=ISO-8859-1", "text/xml; charset=koi8-r"])
def test_what_the_document_declares_goes_before_the_server(server):
    body = f'<?xml version="1.0" encoding="windows-1251"?><t>{TEXTS["ru"]}</t>'.encode("cp1251")
    assert TEXTS["ru"] in decode(body, server)


def test_a_charset_far_down_the_head_is_seen():
    filler = "<script>" + "x = 0;" * 20_000 + "</script>"
    body = f'<head>{filler}<meta charset="iso-8859-7"></head><p>{TEXTS["el"]}</p>'.encode("iso8859-7")
    assert TEXTS["el"] in decode(body)


def test_few_letters_beyond_ascii_are_western():
    assert decode("Café señor – 5 €".encode("cp1252")) == "Café señor – 5 €"


def test_letters_of_no_encoding_are_doubted_and_not_guessed(feed_of):
    body = bytes([0x81, 0x8D, 0xFF, 0x90, 0x9D, 0xFE] * 200)
    assert not read_bytes(body).sure
    items, (entry,), *_ = parse_capture(feed_of(body), 10)
    assert items == []
    assert entry.reason in {"not text", "its encoding is not declared, and its letters fit none"}


SPELLED = {
    "cp1250 iso8859_2": [
        "Vlada povećala poreze",
        "Sodišče oprostilo župana",
        "Rząd podnosi podatki",
        "Soud osvobodil starostu",
        "Ceny benzínu opäť rastú",
        "Lemondott a győri polgármester",
        "Primarul din Iaşi demisionează",
    ],
    "cp1257": ["Degalai vėl brangsta", "Tiesa attaisno bijušo mēru"],
    "cp1254": ["Belediye başkanı görevden alındı"],
    "cp1252 mac_roman": [
        "Où est passé l’été ?",
        "Perché la città è al buio",
        "¿Quién pagará la factura?",
        "Avião faz pouso de emergência",
        "Bensinen blir dyrere på lørdag",
        "Straße nach Unfall gesperrt",
    ],
}


@pytest.mark.parametrize(
    ("headline", "name"),
    [(text, name) for names, texts in SPELLED.items() for text in texts for name in names.split()],
)
def test_one_letter_beyond_ascii_is_read_by_the_spelling_of_its_language(headline, name):
    assert decode(headline.encode(name)) == headline


def test_chinese_in_seven_bits_is_read_and_tildes_in_braces_stay():
    text = "<title>港口大桥明天开放</title>"
    assert decode(text.encode("hz")) == text
    for other in (b"<title>~{a~} and ~{!~}</title>", b"see /~user/{x} ~{name~}"):
        assert decode(other) == other.decode()
