"""What outlets and agencies hang on titles: labels, slugs, brackets and sections, in many languages."""

from __future__ import annotations

import re
from typing import Final

from pipeline.normalize.title.labels import EAST_ASIAN_LABEL, WORD_LABEL

# Labels that are everyday words: with a small letter behind the colon they belong to the sentence.
_COMMON = (
    r"(?:reports?|read|listen|reviews?|letters?|insight|feature|comment|column|profile|news|photos|pictures)"
)
# Such as Report: … or LIVE: … or Watch | … or EN DIRECT - …
LABEL: Final = re.compile(
    rf"^(?!{_COMMON}\s*[:|–—-]\s*(?-i:[a-z])){WORD_LABEL}"
    r"(?:\s*[:|»]\s+|\s*[:|»](?=\S)|\s+(?:-|–|—|//)\s+|\s*(?:–|—)\s+|\s*\+{2,}\s*)(?=\S)",
    re.IGNORECASE,
)
# Symbols that feeds put before a title, and stars around a label: 🔴 …, ▶ …, **BREAKING** …
MARKED: Final = re.compile(
    r"^(?:[🔴🟥🟢🔵⚫⚪⭕🚨📷📸🎥📹📺🎧🎙📰📝📊⚡❗‼⚠▶►◄●•■◆★☆✅➡→⏩🆕]\ufe0f?\s*)+(?=\S)|"
    rf"^(?P<star>\*{{1,3}}|_{{1,2}}|~){WORD_LABEL}(?P=star)\s*[:|–—-]?\s+(?=\S)",
    re.IGNORECASE,
)
# Such as #BREAKING … or Срочно! …; capitals or an outcry, since these words begin sentences, too.
CRY: Final = re.compile(
    r"^(?:#(?:BREAKING(?:NEWS)?|JUST ?IN|LIVE|URGENT|URGENTE|ALERTE?|ALERTA|UPDATE|EXCLUSIVE|EXCLUSIF|"
    r"EXCLUSIVO|EXCLUSIVA|EILMELDUNG|WATCH|VIDEO|VÍDEO|OPINION|EnVivo|ENVIVO|AHORA|[UÚ]LTIMAHORA|"
    r"ÚltimaHora|СРОЧНО|عاجل)"
    r"\b\s*[:|\-–—]?|(?i:breaking(?: news)?|urgente?|alerta|eilmeldung|срочно|молния|терміново|pilne|"
    r"última hora|son dak[iİ]ka|flaş|عاجل)(?:!+|\.{2,})|"
    r"(?:突发|突發|快讯|快訊|速報|속보)[!！]+|"
    r"(?:بالفيديو|بالصور|فيديو|شاهد|عاجل)\s*\.{2,})\s*(?=\S)"
)
# A reporter's or programme's own words in the brackets of East Asia are left.
EAST_ASIAN: Final = re.compile(
    rf"^(?:[【［\[(（＜〈《<〔]{EAST_ASIAN_LABEL}[】］\])）＞〉》>〕]|{EAST_ASIAN_LABEL}\s?[:：|｜])\s*(?=\S)|"
    rf"\s*[【［\[(（＜〈《<〔]{EAST_ASIAN_LABEL}[】］\])）＞〉》>〕]$"
)
# Such as DIRECT. … or LIVEBLOG. …; in capitals, since a sentence may consist of such a word.
CAPITALS: Final = re.compile(rf"^{WORD_LABEL}\.\s+(?=\S)", re.IGNORECASE)
DOTTED: Final = re.compile(
    r"^(?:CARTES?|EXCLU|FACT-CHECK|(?:INFO|EXCLUSIF|DOCUMENT|TÉMOIGNAGE|SONDAGE) "
    r"[A-ZÀ-Ý0-9'’ -]{2,30}|Vidéo|Photos|Видео|Фото|Срочно|Молния)\.\s+(?=\S)|"
    r"^(?:(?:EN )?(?:DIRECT|DIRECTO)|EN VIVO|AO VIVO|IN DIRETTA), (?=\S)|"
    # Romanian sites put these before the title with nothing between.
    r"^(?:VIDEO|FOTO|EXCLUSIV|FOTO-VIDEO|VIDEO-FOTO) (?=[A-ZÀ-Þ][^\W\d_A-Z])"
)
# Such as +++ Eilmeldung +++ … or (2nd LD) … or Update 3: …
DECKED: Final = re.compile(
    rf"^(?:\+{{2,}}\s*{WORD_LABEL}\s*\+{{2,}}\s*:?|"
    r"\((?:\d\w\w )?(?:LEAD|LD|ADD|WRAP)\)|(?i:update|wrapup) \d{1,2}:)\s+(?=\S)",
    re.IGNORECASE,
)
# Reuters: "UPDATE 2-", "WRAPUP 3-", "RPT-UPDATE 1-", "EXCLUSIVE-"; capitals only, no blank before the dash.
SLUG: Final = re.compile(
    r"^(?:(?:UPDATE|WRAPUP|WRAP|RPT|REFILE|CORRECTED|REPEAT|RECAP|ADVISORY|PREVIEW|EXCLUSIVE|"
    r"FACTBOX|ANALYSIS|"
    r"BRIEF|MEDIA|IPO VIEW|MARKETS|DEALTALK|SCENARIOS|WITNESS|NEWS ANALYSIS|"
    r"EXPLAINER|INSIGHT|INTERVIEW|NEWSMAKER|TIMELINE|SPECIAL REPORT|BREAKINGVIEWS|COLUMN|FEATURE|FOCUS|POLL|"
    r"LIVE|TEXT|GRAPHIC|OBITUARY|PRESS DIGEST|CORRECTION|DIARY|KLIMAWANDEL|ROUNDUP|WDH|KORREKTUR|PRESSE|"
    r"GESAMT-ROUNDUP|AKTIE IM FOKUS|OTS|DGAP-[A-Za-z]+|EQS-[A-Za-z]+)(?:-?\(OFFICIAL\))?"
    r"(?:[ /]?\d{1,2})?(?:/[A-Z ]+\d{0,2})?"
    r"(?:\s?-\s?|:\s*)|"
    # dpa-AFX parts its labels by a slash.
    r"(?:GESAMT-)?(?:ROUNDUP|WDH|KORREKTUR|PRESSE|UPDATE|BERICHTIGUNG|HINTERGRUND)(?: ?\d{1,2})?"
    r"/(?=[A-ZÄÖÜ0-9'\"][^A-ZÄÖÜ]))(?=\S)"
)
SLUG_LOOSE: Final = re.compile(
    r"^(?:update|wrapup|rpt|refile|corrected|exclusive|factbox|analysis|explainer|insight|special report|"
    r"newsmaker|roundup)\s*\d{0,2}\s?-\s?(?=[A-Z\"'])",
    re.IGNORECASE,
)
_BRACKET_WORD = (
    rf"(?:{WORD_LABEL}|(?:with|w/) (?:video|photos?|pictures|audio|graphic)|\+ ?(?:video|photos?|vidéo|"
    rf"fotos)|(?:video|photos?)(?: and |/|, "
    rf"?)(?:video|photos?)|[a-z]\+|"
    r"video inside|subscription|paywall|premium|abo|plus|reuters|ap|afp|dpa|pdf|archive|sponsored content|"
    r"updated[ :][^()\[\]]{1,30}|update[ :]\d?[^()\[\]]{0,20}|e-?paper|full story|read more|infographic|"
    r"vidéo|vídeo|mit (?:video|bildern|fotos)|con (?:video|fotos?)|free to read|zdjęcia|"
    r"фото,? (?:и )?видео|avec (?:vidéo|photos)|com vídeo|с видео|"
    r"galería|abonnés|réservé aux abonnés|bezahlinhalt)"
)
BRACKETED: Final = re.compile(
    rf"^[\[(]\s*{_BRACKET_WORD}\s*[\])]\s*[:\-–—|]?\s*(?=\S)|\s*[\[(]\s*{_BRACKET_WORD}\s*[\])]$",
    re.IGNORECASE,
)
TAIL_LABEL: Final = re.compile(
    r"\s*(?:(?:[|]|\s--?|\s[–—])\s*(?:latest|live!|watch|watch live|video (?:report|explainer)|podcast|"
    r"explained|"
    r"photo gallery|en directo|la diretta|ao vivo|in beeld|última hora|dernière minute|"
    r"updated?|im (?:liveblog|ticker|live-?ticker|video)|видео|фото|відео|فيديو|wideo|zdjęcia|videó)|"
    r"(?:--|:(?= live$))\s*(?:updated|live)|[;:]\s(?:veja |assista ao )?v[ií]deos?|\s\*+(?:updated?|live|"
    r"video|breaking)\*+|"
    r"(?:[|]|\s[-–—]|,|:(?= live (?:updates?|blog)))\s*"
    r"(?:live(?: updates?| blog| news)?|as it happened|live reporting|latest updates?|"
    r"video|in pictures|photos|pictures|live-?ticker|liveblog|en direct|en vivo|minuto a minuto|vidéo|vídeo|"
    r"report|reports|source|sources|opinion|analysis|explainer))\.?$",
    re.IGNORECASE,
)
# A format with a capital behind a dash: "… – Kommentar", "… - FOTO".
TAIL_FORMAT: Final = re.compile(rf"\s(?:--?|[–—])\s(?P<format>{WORD_LABEL})$", re.IGNORECASE)
# A trailing ", report says" or " - report" belongs to the meaning when it says who; only formats go.
KEPT_TAIL: Final = re.compile(
    r"(?:,|\s(?:--?|[–—]))\s*(?:reports?|sources?|opinion|analysis|(?:medien)?berichte?|umfrage|kritik|"
    r"sondage|encuesta|pesquisa|sondaggio|sondaż|опрос|сми)\.?$",
    re.IGNORECASE,
)
SECTION: Final = re.compile(
    r"^(?:(?:(?:world|us|u\.s\.|uk|national|international|local|top|latest|business|sports?|"
    r"tech(?:nology)?|politics|"
    r"science|health|entertainment|culture|money|markets?|economy|europe|asia|africa|americas|middle east|"
    r"environment|climate|travel|lifestyle|life|style|football|soccer|arts|music|film|books|food|education|"
    r"media|crime|law|society|weather|opinion|news|video|live|nachrichten|politik|wirtschaft|sport|kultur|"
    r"wissen(?:schaft)?|panorama|ausland|inland|gesellschaft|international|monde|politique|économie|société|"
    r"actualités?|actu|internacional|españa|economía|deportes|política|sociedad|mundo|noticias|"
    r"cronaca|esteri|spettacoli|cultura|ambiente|salute|tecnologia|ciência|saúde|cotidiano|mercado|poder|"
    r"esportes?|brasil|economia|politica|opinião|opinión|ciencia|salud|tecnología|sucesos|nacional|local|"
    r"portada|gente|televisión|binnenland|buitenland|economie|politiek|regionaal|cultuur|wetenschap|"
    r"wirtschaft & finanzen|meinung|digital|netzwelt|auto|reise|gesundheit|regional|lokales|feuilleton|"
    r"santé|sciences?|planète|environnement|faits divers|justice|régions?|livres|cinéma|médias|"
    r"inrikes|utrikes|ekonomi|nyheter|verden|indland|udland|kraj|świat|gospodarka|polityka|"
    r"gündem|dünya|политика|экономика|общество|происшествия|в мире|культура|спорт|новости|наука|"
    r"新闻|新聞|ニュース|뉴스|国际新闻|社会新闻|财经|体育|娱乐|科技|エンタメ|国内|国際|社会|経済|政治|スポーツ|国内新闻|国际|(?:정치|사회|경제|국제|문화)(?:일반)?|스포츠|"
    r"연예|오피니언|أخبار|سياسة|اقتصاد|رياضة)"
    r"(?: news| headlines| stories| updates?)?)"
    r"(?:\s*(?:&|,|/|\+|\band\b|\bund\b|\bet\b)\s*|$)){1,4}(?<![&,/+])$",
    re.IGNORECASE,
)
