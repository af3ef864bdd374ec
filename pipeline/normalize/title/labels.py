"""Labels that outlets put before or behind titles, by language: how something is told, not what.

Each language has, as far as its outlets write them, the words for: breaking, live, updated, corrected; report
and exclusive; video, photos, audio, graphics; opinion, column, editorial, letters; analysis, explainer,
background, fact check; interview, reportage, portrait, obituary, review, survey; paid content. A subject
("Ukraine:", "Housing:") is none.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_ENGLISH = (
    r"just in|breaking(?: news)?|breakingviews|wrap-?up|round-?up|spotlight|news focus|local news|"
    r"news alert|news flash|newsflash|alert|urgent|flash|"
    r"developing(?: story)?|live(?: blog| updates?| news| ?stream| coverage| now)?|liveblog|updates?|updated|"
    r"report|reports|latest|the latest|exclusive|watch(?: live| now| video)?|videos?|photos?|pictures|"
    r"in pictures|in photos|gallery|photo (?:gallery|essay)|slideshow|podcast|listen|audio|opinion|op-ed|"
    r"editorial|analysis|news analysis|commentary|comment|column|explainer|explained|fact ?box|fact check|"
    r"timeline|interview|q[&+]a|feature|special report|insight|briefing|morning briefing|review|graphic|"
    r"infographic|in[- ]depth|investigations?|profile|obituary|obituaries|perspective|viewpoint|"
    r"backgrounder|in memoriam|"
    r"sponsored(?: content)?|paid post|advertorial|press release|read|letters?|correction|corrected|"
    r"first on [a-z]{2,5}|world news|business news|scoop|quiz|recap|preview|cartoon|dispatch|"
    r"(?:the )?(?:big|long|weekend|sunday) read|long-?form|in brief|at a glance|in (?:charts|numbers|depth)|"
    r"(?:your )?questions answered|from the archives?|(?:photo|picture|video|quote|word) of the (?:day|week)|"
    r"guest (?:column|commentary|essay|opinion|post)|special feature|trending|must[- ](?:see|read|watch)|"
    r"icymi|"
    r"news|top stor(?:y|ies)|replay|faq|(?:our|my) view|letters? to the editor|editor's note|"
    r"(?:ap|afp|reuters) (?:photos?|explains|exclusive|video|analysis|fact check|interview|insight)"
)
_GERMAN = (
    r"eilmeldung|eil|eilt|live-?ticker|newsticker|news-?ticker|news-?blog|ticker|live-?blog|live-?stream|"
    r"aktuell|aktualisiert|korrektur|(?:medien)?berichte?|im (?:live-?ticker|live-?blog|video)|exklusiv|"
    r"exklusiv-?interview|bilder|"
    r"bildergalerie|bilderstrecke|fotostrecke|fotogalerie|kommentar|gast(?:beitrag|kommentar)|meinung|"
    r"standpunkt|leitartikel|kolumne|glosse|essay|leserbriefe?|analyse|überblick|hintergrund|faktencheck|"
    r"porträt|reportage|nachruf|rezension|kritik|umfrage|anzeige"
)
_FRENCH = (
    r"en direct|direct(?: vidéo)?|le live|alerte(?: info)?|flash(?: info)?|dernière minute|mis(?:e)? à jour|"
    r"info [a-z ]{2,20}|exclusif|exclusivité|en images|en vidéo|vidéos?|diaporama|infographies?|tribune|"
    r"opinions?|éditorial|édito|chronique|billet|point de vue|carte blanche|lettre ouverte|débat|analyses?|"
    r"décryptage|éclairage|explications|on vous explique|vrai ou fa(?:ux|ke)|entretien|reportages?|"
    r"grand format|enquête|portrait|récit|témoignages?|nécrologie|critique|sondage|humeur|en bref"
)
_SPANISH_CATALAN = (
    r"última hora|en vivo|en directo|directo|minuto a minuto|urgente|alerta|atención|lo último|ahora|"
    r"actualizad[oa]|actualización|corrección|exclusiv[ao]|vídeos?|fotos|imágenes|"
    r"en (?:imágenes|fotos|vídeo|video)|"
    r"galería(?: de (?:fotos|imágenes))?|foto(?:galería|rreportaje)|infografía|opinión|editorial|columna|"
    r"tribuna|crónica|análisis|verificación|verificado|verificamos|entrevista|reportaje|perfil|reseña|"
    r"crítica|obituario|encuesta|"
    r"en directe|directe|fotogaleria|opinió|anàlisi|reportatge|exclusiu|enquesta"
)
_PORTUGUESE = (
    r"ao vivo|em direto|ao minuto|direto|plantão|última atualização|atualiza(?:do|ção)|correção|"
    r"galeria(?: de fotos)?|fotogaleria|imagens|em (?:fotos|imagens|vídeo)|infográfico|opinião|coluna|"
    r"artigo|crônica|análise|entenda|checamos|reportagem|resenha|obituário|pesquisa"
)
_ITALIAN = (
    r"ultim'?ora|in diretta|(?:la )?diretta|aggiornamento|aggiornato|esclusiv[ao]|foto|(?:le )?foto|"
    r"(?:il )?video|fotogallery|gallery|(?:il )?commento|(?:l')?editoriale|(?:l')?opinione|(?:l')?analisi|"
    r"(?:l')?intervista|(?:l')?inchiesta|(?:il )?reportage|(?:il )?retroscena|recensione|sondaggio"
)
_DUTCH = (
    r"brekend|laatste nieuws|bijgewerkt|exclusief|foto's|video's|in beeld|beluister|kijk|profiel|opinie|"
    r"commentaar|"
    r"ingezonden|achtergrond|recensie|necrologie|factcheck"
)
_NORDIC = (
    # Swedish
    r"just nu|senaste nytt|direkt|direktrapport|uppdaterad|rättelse|exklusivt|bilder|podd|ledare|krönika|"
    r"debatt|insändare|analys|faktakoll|intervju|recension|dödsruna|"
    # Norwegian, Danish
    r"siste(?: nytt)?|seneste nyt|lige nu|direkte|oppdatert|opdateret|rettelse|eksklusivt|billeder|podkast|"
    r"leder|kronikk?|klumme|debat|se (?:billederne|video|bildene)|leserinnlegg|læserbrev|faktasjekk|"
    r"faktatjek|reportasje|anmeldelse|"
    r"nekrolog|minneord|mindeord|"
    # Finnish
    r"juuri nyt|suora(?: lähetys)?|päivit(?:etty|tyvä)|korjaus|kuvat|kuvagalleria|pääkirjoitus|kolumni|"
    r"kommentti|mielipide|näkökulma|vieraskolumni|lukijalta|analyysi|faktantarkistus|haastattelu|reportaasi|"
    r"arvio|arvostelu|muistokirjoitus"
)
_POLISH_CZECH_SLOVAK = (
    r"pilne|z ostatniej chwili|na żywo|relacja(?: na żywo)?|aktualizacja|sprostowanie|ekskluzywnie|"
    r"tylko u nas|wideo|film|zdjęcia|galeria|opinia|komentarz|felieton|analiza|wywiad|rozmowa|reportaż|"
    r"recenzja|"
    r"sondaż|živě|naživo|online|právě teď|aktuálně|aktualizovan(?:é|o)|oprava|exkluzívn(?:e|ě)|foto|"
    r"foto(?:galerie|galéria)|galerie|komentář|komentár|názor|glosa|analýza|rozhovor|reportáž|recenze"
)
_HUNGARIAN_ROMANIAN = (
    r"élő|élőben|percről percre|rendkívüli|most érkezett|frissítve|frissül|helyreigazítás|exkluzív|videó|"
    r"fotók|galéria|képgaléria|vélemény|publicisztika|jegyzet|elemzés|interjú|riport|kritika|"
    r"ultima oră|în direct|live ?text|actualizare|exclusiv|galerie foto|opinie|opinii|analiză|interviu|"
    r"reportaj|sondaj"
)
_SOUTH_SLAVIC = (
    r"uživo|najnovije|hitno|ažurirano|ispravka|ekskluzivno|galerija|mišljenje|kolumna|komentar|analiza|"
    r"intervju|reportaža|извънредно|на живо|обновена|ексклузивно|снимки|галерия|мнение|коментар|анализ|"
    r"интервю|репортаж"
)
_TURKISH = (
    r"son dakİka(?: haberi)?|flaş|canlı(?: yayın| anlatım| blog)?|güncellendi|özel haber|foto galeri|"
    r"fotoğraflar|görüntülü|izle|yorum|görüş|başyazı|köşe yazısı|analiz|röportaj"
)
_RUSSIAN_UKRAINIAN = (
    r"срочно|молния|онлайн|прямой эфир|(?:прямая |текстовая )?трансляция|обновлено|дополнено|опровержение|"
    r"эксклюзив|(?:видео|фото)(?:репортаж|галерея)?|фото и видео|галерея|инфографика|подкаст|мнение|колонка|"
    r"комментарий|аналитика|анализ|разбор|обзор|интервью|репортаж|рецензия|опрос|сми|"
    r"терміново|блискавка|наживо|пряма трансляція|оновлено|доповнено|ексклюзив|(?:відео|фото)(?:репортаж)?|"
    r"інфографіка|думка|колонка|коментар|аналіз|аналітика|інтерв['’]ю|репортаж"
)
_GREEK = (
    r"έκτακτο|live εικόνα|λεπτό προς λεπτό|δείτε(?: live)?|αποκλειστικό|βίντεο|φωτο(?:γραφίες)?|εικόνες|"
    r"άποψη|γνώμη|σχόλιο|ανάλυση|συνέντευξη|ρεπορτάζ|αφιέρωμα"
)
_ARABIC_PERSIAN = (
    r"(?:خبر )?عاجل|(?:بث )?مباشر|تغطية مباشرة|تحديث|تصحيح|خاص|حصري|حصريا|تقرير|(?:بال)?فيديو|(?:بال)?صور|"
    r"شاهد|بودكاست|إنفوغراف|كاريكاتير|رأي|مقال|مقالة|افتتاحية|تحليل|حوار|مقابلة|"
    r"فوری|دقیقه به دقیقه|زنده|اختصاصی|ویدیو|فیلم|عکس|تصاویر|یادداشت|سرمقاله|گفت‌وگو|مصاحبه|گزارش"
)
_HEBREW = (
    r"דיווח(?: ראשוני)?|מבזק|שידור חי|לייב|עדכון|בלעדי|צפו|האזינו|וידאו|תמונות|דעה|טור|פרשנות|ניתוח|"
    r"ראיון|תחקיר"
)
_SOUTH_ASIAN = (
    r"ब्रेकिंग(?: न्यूज़)?|ताज़ा खबर|लाइव(?: अपडेट)?|अपडेट|एक्सक्लूसिव|वीडियो|फोटो|तस्वीरें|देखें|राय|"
    r"संपादकीय|विश्लेषण|"
    r"इंटरव्यू|साक्षात्कार"
)
_SOUTHEAST_ASIAN = (
    r"terkini|langsung|eksklusif|berita foto|galeri foto|infografis|opini|kolom|tajuk|analisis|wawancara|"
    r"cek fakta|tin nóng|trực tiếp|cập nhật|độc quyền|ảnh|bình luận|ý kiến|phân tích|phỏng vấn"
)

_LANGUAGES = (
    _ENGLISH, _GERMAN, _FRENCH, _SPANISH_CATALAN, _PORTUGUESE, _ITALIAN, _DUTCH, _NORDIC,
    _POLISH_CZECH_SLOVAK, _HUNGARIAN_ROMANIAN, _SOUTH_SLAVIC, _TURKISH, _RUSSIAN_UKRAINIAN, _GREEK,
    _ARABIC_PERSIAN, _HEBREW, _SOUTH_ASIAN, _SOUTHEAST_ASIAN,
)  # fmt: skip


def _accents_optional(pattern: str) -> str:
    """Lets each letter go without its accent, as in capitals: "ANALISIS", "ΕΚΤΑΚΤΟ"."""
    bare = {char: unicodedata.normalize("NFD", char)[0] for char in set(pattern)}
    return "".join(char if bare[char] == char else f"[{char}{bare[char]}]" for char in pattern)


# A pattern, to be read without regard to case.
WORD_LABEL: Final = f"(?:{_accents_optional('|'.join(_LANGUAGES))})"

# What East Asian outlets set in brackets or before a colon or bar, in Japanese, Chinese and Korean.
EAST_ASIAN_LABEL: Final = (
    r"(?:速報|号外|独自|独占|詳報|続報|更新|中継|生中継|ライブ|動画(?:あり)?|写真(?:特集|あり)?|図解|図|解説|特集|社説|論説|"
    r"コラム|寄稿|会見|インタビュー|ルポ|訂正|"
    r"快讯|快訊|突发|突發|即時|滚动|直播|更新|最新(?:消息)?|更正|独家|獨家|视频|影片|短片|影音|图集|圖輯|(?:含|组)?图|(?:含|組)?圖|有片|"
    r"评论|評論|社论|社評|社评|时评|時評|快评|分析|专访|專訪|专题|特写|"
    r"속보|긴급|특보|생중계|라이브|종합\d?보?|상보|\d보|단독|포토|화보|사진|영상|동영상|그래픽|사설|칼럼|기고|논평|오피니언|"
    r"만평|해설|팩트체크|인터뷰|르포|특집|기자수첩)"
)
