"""What outlets and agencies hang on titles: labels, slugs, brackets and sections, in many languages."""

from __future__ import annotations

import re
from typing import Final

WORD_LABEL: Final = (
    # English
    r"(?:just in|breaking(?: news)?|news alert|news flash|newsflash|alert|urgent|flash|developing(?: story)?|"
    r"live(?: blog| updates?| news| ?stream| coverage| now)?|liveblog|updates?|updated|report|reports|latest|"
    r"the latest|exclusive|watch(?: live| now| video)?|video|videos|photos?|pictures|in pictures|in photos|"
    r"gallery|photo gallery|slideshow|podcast|listen|audio|opinion|op-ed|editorial|analysis|news analysis|"
    r"commentary|comment|column|explainer|explained|fact ?box|fact check|timeline|interview|q&a|feature|"
    r"special report|insight|briefing|morning briefing|review|graphic|infographic|profile|obituary|"
    r"sponsored|paid post|advertorial|press release|read|must read|letter|letters|correction|corrected|"
    r"first on [a-z]{2,5}|world news|business news|scoop|quiz|recap|preview|cartoon|dispatch|obituaries|"
    r"(?:the )?(?:big|long|weekend|sunday) read|long-?form|in brief|at a glance|in (?:charts|numbers|depth)|"
    r"(?:your )?questions answered|from the archives?|(?:photo|picture|video|quote|word) of the (?:day|week)|"
    r"guest (?:column|essay|post)|special feature|trending|must[- ]see|"
    r"news|top stor(?:y|ies)|replay|faq|(?:our|my) view|letters? to the editor|editor's note|"
    r"(?:ap|afp|reuters) (?:photos?|explains|exclusive|video|analysis|fact check|interview|insight)|"
    # German
    r"eilmeldung|eil|live-?ticker|liveticker|newsticker|ticker|live-?blog|kommentar|analyse|exklusiv|bericht|"
    r"medienbericht|bericht|aktuell|interview|faktencheck|video|bilder|überblick|hintergrund|glosse|"
    r"news-?ticker|news-?blog|aktualisiert|live|meinung|gast(?:beitrag|kommentar)|leitartikel|kolumne|essay|porträt|reportage|"
    r"rezension|kritik|fotostrecke|bildergalerie|umfrage|liveblog|breaking|exklusiv-?interview|"
    # French
    r"en direct|direct|alerte(?: info)?|info [a-z ]{2,20}|exclusif|vidéos?|urgent|reportage|analyse|tribune|"
    r"éditorial|édito|entretien|enquête|décryptage|dernière minute|en images|"
    r"photos?|portrait|récit|chronique|billet|débat|analyses?|infographies?|diaporama|le live|live|podcast|"
    r"flash(?: info)?|point de vue|grand format|témoignages?|on vous explique|vrai ou fa(?:ux|ke)|"
    # Spanish, Portuguese
    r"última hora|ultima hora|en vivo|en directo|directo|minuto a minuto|urgente|exclusiva|exclusivo|vídeos?|"
    r"fotos|análisis|opinión|entrevista|reportaje|ao vivo|urgente|opinião|análise|"
    r"columna|tribuna|editorial|crónica|perfil|reseña|galería|imágenes|en imágenes|verificación|podcast|"
    r"alerta|atención|lo último|ahora|infografía|coluna|artigo|crônica|perfil|resenha|imagens|galeria|"
    r"plantão|última atualização|em direto|ao minuto|reportagem|checamos|entenda|infográfico|"
    # Italian, Dutch
    r"ultim'?ora|in diretta|diretta|esclusiva|esclusivo|foto|intervista|live|liveblog|exclusief|"
    r"sondaggio|commento|l'?analisi|editoriale|reportage|il video|le foto|fotogallery|il retroscena|"
    r"breaking|brekend|opinie|column|interview|analyse|recensie|foto's|video's|in beeld|"
    # Swedish, Norwegian, Danish, Finnish
    r"just nu|senaste nytt|direkt|direkte|siste nytt|siste|ledare|leder|kronik|krönika|kommentti|suora|"
    # Polish, Czech, Hungarian, Romanian, Turkish
    r"pilne|z ostatniej chwili|na żywo|relacja(?: na żywo)?|wideo|tylko u nas|wywiad|opinia|komentarz|"
    r"živě|online|aktuálně|komentář|rozhovor|élő|videó|interjú|ultima oră|ultima ora|în direct|"
    r"son dak[iİ]ka(?: haberi)?|flaş|canlı(?: yayın)?|röportaj|yorum|görüntülü|"
    # Russian, Ukrainian
    r"срочно|молния|эксклюзив|видео|фото|онлайн|мнение|интервью|репортаж|прямая трансляция|трансляция|"
    r"терміново|блискавка|відео|наживо|думка|"
    # Greek, Arabic, Hebrew, Persian, Hindi
    r"έκτακτο|βίντεο|live εικόνα|عاجل|فيديو|بالفيديو|بالصور|مباشر|بث مباشر|شاهد|خبر عاجل|خاص|"
    r"رأي|تحليل|دقیقه به دقیقه|فوری|"
    r"דיווח ראשוני|מבזק|בלעדי|צפו|ब्रेकिंग(?: न्यूज़)?|लाइव|वीडियो)"
)
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
    r"EXCLUSIVO|EXCLUSIVA|EILMELDUNG|WATCH|VIDEO|VÍDEO|OPINION|EnVivo|ENVIVO|AHORA|ULTIMAHORA|ÚltimaHora|СРОЧНО)"
    r"\b\s*[:|\-–—]?|(?i:breaking(?: news)?|urgente?|alerta|eilmeldung|срочно|молния|терміново|pilne|"
    r"última hora|son dak[iİ]ka|flaş|عاجل)!+|"
    r"(?:突发|突發|快讯|快訊|速報|속보)[!！]+|"
    r"(?:بالفيديو|بالصور|فيديو|شاهد|عاجل)\s*\.{2,})\s*(?=\S)"
)
# Brackets of East Asia and what stands in them: flash, exclusive, video, photo, live, update, interview.
# A reporter's or programme's own words in such brackets are left.
_EAST_ASIAN_WORD = (
    r"(?:速報|独自|動画|写真(?:特集)?|動画あり|写真あり|詳報|続報|更新|中継|特集|解説|社説|インタビュー|"
    r"快讯|快訊|突发|突發|独家|獨家|视频|影片|图集|直播|更新|最新|评论|社论|专访|有片|组图|"
    r"속보|단독|종합(?:\d보)?|\d보|포토|영상|동영상|사진|인터뷰|사설|칼럼|기고|그래픽|생중계|특보|긴급)"
)
EAST_ASIAN: Final = re.compile(
    rf"^(?:[【［\[(（＜〈《<]{_EAST_ASIAN_WORD}[】］\])）＞〉》>]|{_EAST_ASIAN_WORD}\s?[:：|｜])\s*(?=\S)|"
    rf"\s*[【［\[(（＜〈《<]{_EAST_ASIAN_WORD}[】］\])）＞〉》>]$"
)
DOTTED: Final = re.compile(
    r"^(?:VIDÉOS?|VIDEOS?|EN IMAGES|PHOTOS?|INFOGRAPHIES?|DIRECT|EN DIRECT|ENQUÊTE|REPORTAGE|"
    r"ENTRETIEN|EXCLUSIF|VÍDEOS?|FOTOS|TÉMOIGNAGES?|RÉCIT|PORTRAIT|ANALYSE|TRIBUNE|DÉCRYPTAGE|CARTES?|"
    r"FACT-CHECK|VRAI OU FAUX|VRAI OU FAKE|DIAPORAMA|CHRONIQUE|BILLET|EXCLU|AUDIO|PODCAST|INTERVIEW|"
    r"GRAND FORMAT|ON VOUS EXPLIQUE|ALERTE|DERNIÈRE MINUTE|(?:INFO|EXCLUSIF|DOCUMENT|TÉMOIGNAGE|SONDAGE) "
    r"[A-ZÀ-Ý0-9'’ -]{2,30}|BREAKING(?: NEWS)?|EXCLUSIVE?|Vidéo|Photos|Видео|Фото|Срочно|Молния)\.\s+(?=\S)|"
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
    rf"(?:{WORD_LABEL}|with video|\+ ?(?:video|photos?|vidéo|fotos)|(?:video|photos?)(?: and |/|, "
    rf"?)(?:video|photos?)|with (?:photos?|pictures|audio|graphic)|[a-z]\+|"
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
    r"(?:--|:(?= live$))\s*(?:updated|live)|\s\*+(?:updated?|live|video|breaking)\*+|"
    r"(?:[|]|\s[-–—]|,|:(?= live (?:updates?|blog)))\s*"
    r"(?:live(?: updates?| blog| news)?|as it happened|live reporting|latest updates?|"
    r"video|in pictures|photos|pictures|live-?ticker|liveblog|en direct|en vivo|minuto a minuto|vidéo|vídeo|"
    r"report|reports|source|sources|opinion|analysis|explainer))\.?$",
    re.IGNORECASE,
)
# A trailing ", report says" or " - report" belongs to the meaning when it says who; only formats go.
KEPT_TAIL: Final = re.compile(
    r"(?:,|\s[-–—])\s*(?:report|reports|source|sources|opinion|analysis)\.?$", re.IGNORECASE
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
    r"新闻|新聞|ニュース|뉴스|国际新闻|社会新闻|财经|体育|娱乐|科技|エンタメ|国内|国際|社会|経済|政治|スポーツ|国内新闻|国际|정치|사회|경제|국제|أخبار|سياسة|اقتصاد|رياضة)"
    r"(?: news| headlines| stories| updates?)?)"
    r"(?:\s*(?:&|,|/|\+|\band\b|\bund\b|\bet\b)\s*|$)){1,4}(?<![&,/+])$",
    re.IGNORECASE,
)
