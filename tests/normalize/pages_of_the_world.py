"""Invented pages as publishing systems of many countries make them, each with its article's text."""

# ruff: noqa: E501  # markup is easier to read in one line; other alphabets look like ours
from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

TEXTS: dict[str, list[str]] = {
    "en": [
        "Harbour pilots in Westray refused on Thursday to bring in ships until the broken light on the mole is repaired.",
        "Two trawlers touched bottom last month, and a pilot boat was holed when its crew mistook a fishing lamp for the light.",
        "“We have asked for a new lamp since 2019,” said Ingrid Foss, who has led the pilots for eleven years.",
        "The port authority replied that the part had been ordered from a factory in Gdynia and would arrive within ten days.",
        "About forty vessels call at Westray each week, most of them with feed for the salmon farms of the outer islands.",
        "Until then the authority will pay for a guard boat with a lamp of its own.",
    ],
    "de": [
        "Der Stadtrat von Bad Lahr hat am Mittwoch beschlossen, das alte Hallenbad nicht abzureißen, sondern zu sanieren.",
        "Die Kosten werden auf 14,5 Millionen Euro geschätzt, ein Drittel davon soll das Land übernehmen.",
        "„Ohne Bad lernen unsere Kinder nicht schwimmen“, sagte Bürgermeisterin Petra Vogt nach der Abstimmung.",
        "Gegner des Beschlusses verweisen auf die Schulden der Stadt und kündigten ein Bürgerbegehren an.",
        "Das Bad war vor zwei Jahren geschlossen worden, nachdem Teile der Decke herabgefallen waren.",
        "Mit den Arbeiten soll im Frühjahr begonnen werden, die Eröffnung ist für 2028 geplant.",
    ],
    "fr": [
        "Les éleveurs du plateau de Millevaches ont bloqué mardi l'accès à l'abattoir pour dénoncer la baisse des prix.",
        "Une cinquantaine de tracteurs barraient dès l'aube la route départementale, selon la gendarmerie.",
        "« Nous vendons à perte depuis l'été », a expliqué Jeanne Roudier, qui élève des brebis à Peyrelevade.",
        "La préfecture a promis de recevoir une délégation avant la fin de la semaine.",
        "Le prix de l'agneau a reculé de dix-huit pour cent en un an dans la région.",
        "Le barrage a été levé dans la soirée sans incident.",
    ],
    "es": [
        "El incendio declarado el domingo en la sierra de Alcaraz ha quemado ya más de mil doscientas hectáreas de pino.",
        "Los vecinos de tres aldeas pasaron la noche en el polideportivo de Riópar, donde la Cruz Roja repartió mantas.",
        "«El viento cambió de golpe y tuvimos que salir con lo puesto», contó Amparo Ruiz, de 71 años.",
        "Ocho hidroaviones trabajan en la zona y el Ejército ha enviado a ciento veinte soldados.",
        "La Guardia Civil investiga si una cosechadora provocó las primeras llamas.",
        "Las temperaturas bajarán el miércoles, lo que podría ayudar a controlar el fuego.",
    ],
    "ru": [
        "В Вельске из-за аварии на котельной без отопления остались двенадцать домов, сообщили в администрации района.",
        "Температура воздуха в городе в ночь на пятницу опустилась до минус двадцати трёх градусов.",
        "«Воду слили, чтобы не разорвало трубы, людям раздали обогреватели», — сказал глава района Пётр Лузин.",
        "Детский сад и школа закрыты, детей перевели на дистанционное обучение.",
        "Ремонтная бригада из Архангельска прибыла на место около полуночи.",
        "Тепло обещают вернуть к вечеру субботы.",
    ],
    "ar": [
        "أعلنت وزارة الصحة يوم الأربعاء بدء حملة تطعيم ضد الحصبة في خمس محافظات جنوبية.",
        "وقال المتحدث باسم الوزارة إن الحملة تستهدف نحو أربعمائة ألف طفل دون سن الخامسة.",
        "وسجلت المستشفيات منذ بداية الشهر مئتين وثلاثين إصابة معظمها في القرى البعيدة.",
        "وتشارك في الحملة فرق متنقلة تصل إلى المناطق التي لا توجد فيها مراكز صحية.",
        "ودعت الوزارة الأهالي إلى إحضار بطاقات التطعيم.",
    ],
    "ja": [
        "富山県の山あいの村で二十八日、雪の重みで築百年の倉庫が倒れ、中にいた農業の男性が軽いけがをした。",
        "村によると、前日からの雪は一メートル二十センチに達し、十二月としては四十年ぶりの量だという。",
        "男性は「屋根がきしむ音がして、すぐ外へ走った」と話している。",
        "県道は二か所で通行止めとなり、三十世帯が一時孤立した。",
        "気象台は二十九日夜まで雪崩に注意するよう呼びかけている。",
    ],
    "zh": [
        "甘肃省一处新发现的汉代墓葬群近日开始发掘,考古人员已清理出三座砖室墓。",
        "领队李文博介绍,墓中出土木简八十余枚,记录了当时边关的粮食往来。",
        "当地村民去年修水渠时首先发现了墓砖,并报告了文物部门。",
        "部分木简将送往兰州进行脱水保护,整个过程预计需要两年。",
        "博物馆计划明年春天举办展览。",
    ],
    "pl": [
        "Strażacy z Mazur przez całą noc szukali wędkarza, którego łódź odnaleziono pustą na środku jeziora Śniardwy.",
        "W akcji brało udział sześć łodzi i śmigłowiec z kamerą termowizyjną.",
        "„Wiatr był tak silny, że fale przelewały się przez pomost” – powiedział dyżurny Marek Wilk.",
        "Mężczyznę znaleziono rano na wyspie, wyziębionego, ale przytomnego.",
        "Trafił do szpitala w Giżycku, gdzie zostanie kilka dni.",
    ],
    "tr": [
        "Artvin'de sağanak yağış nedeniyle taşan dere iki köprüyü yıktı, üç köye ulaşım sağlanamıyor.",
        "Valilik, bölgeye iş makineleri ve kırk kişilik bir ekip gönderildiğini açıkladı.",
        'Köy muhtarı Hasan Kaya, "Elektrik sabahtan beri yok, yaşlılar için ilaç bekliyoruz" dedi.',
        "Meteoroloji, yağışın perşembe gününe kadar süreceğini bildirdi.",
        "Okullar iki gün süreyle tatil edildi.",
    ],
    "pt": [
        "A apuração em Ribeira Funda terminou na madrugada de segunda-feira com a vitória de Dora Antunes por 212 votos.",
        "É a primeira vez que uma mulher governa o município, fundado em 1881 por colonos açorianos.",
        '"Vamos começar pela água, que falta em metade dos bairros", disse ela na praça.',
        "O atual prefeito reconheceu a derrota e desejou sorte à adversária.",
        "A posse está marcada para o primeiro dia de janeiro.",
    ],
    "hi": [
        "उत्तराखंड के एक गांव में रविवार रात भूस्खलन से सात घर दब गए और तीन लोग घायल हो गए।",
        "जिला अधिकारी ने बताया कि घायलों को हेलीकॉप्टर से देहरादून के अस्पताल पहुंचाया गया है।",
        "गांव की सड़क टूट जाने के कारण राहत सामग्री पैदल ले जाई जा रही है।",
        "मौसम विभाग ने अगले दो दिन भारी बारिश की चेतावनी दी है।",
        "स्कूल बुधवार तक बंद रहेंगे।",
    ],
    "ko": [
        "강원도 고성의 한 어촌에서 이십팔일 새벽 불이 나 창고 네 동이 탔다.",
        "소방 당국은 인력 예순 명을 투입해 두 시간 만에 불길을 잡았다고 밝혔다.",
        '주민 김영호 씨는 "바람이 바다 쪽으로 불어 마을은 무사했다"고 말했다.',
        "경찰은 전기 합선으로 불이 난 것으로 보고 원인을 조사하고 있다.",
    ],
    "nl": [
        "De veerdienst tussen Lauwersoog en Schiermonnikoog ligt sinds dinsdagochtend stil door een staking van de bemanning.",
        "Volgens de vakbond varen matrozen geregeld meer dan twaalf uur achter elkaar zonder rustpauze.",
        "„We willen geen geld, we willen slapen”, zegt stuurman Jelle Wiersma.",
        "De rederij noemt de actie onverantwoord en zet een kleine boot in voor medische gevallen.",
        "Woensdag praten beide partijen verder in Leeuwarden.",
    ],
    "el": [
        "Σεισμός μεγέθους 5,1 βαθμών σημειώθηκε το πρωί της Τρίτης ανοιχτά της Καρπάθου, χωρίς να αναφερθούν ζημιές.",
        "Το επίκεντρο εντοπίστηκε σε απόσταση τριάντα χιλιομέτρων νότια του νησιού.",
        "Κάτοικοι βγήκαν στους δρόμους και τα σχολεία έμειναν κλειστά για προληπτικούς λόγους.",
        "Οι σεισμολόγοι παρακολουθούν τη μετασεισμική ακολουθία.",
    ],
    "id": [
        "Gunung Awu kembali mengeluarkan asap setinggi enam ratus meter pada Jumat pagi, kata petugas pos pengamatan.",
        "Warga di lereng timur diminta tidak mendekat dalam jarak tiga kilometer dari kawah.",
        "Sebanyak dua ratus keluarga sudah pindah ke balai desa sejak Kamis malam.",
        "Bandara di pulau itu masih dibuka, tetapi penerbangan sore ditunda.",
    ],
}


def _p(lines: Sequence[str], more: str = "") -> str:
    return "".join(f"<p{more}>{line}</p>" for line in lines)


def _teasers(titles: Sequence[str], blurb: str, kind: str) -> str:
    return "".join(
        f"<div class='{kind}'><a href='/t/{n}'><img src='/i{n}.jpg' alt=''><h3>{title}</h3></a><p>{blurb}</p></div>"
        for n, title in enumerate(titles)
    )


def _page(language: str, title: str, body: str, head: str = "") -> str:
    return (
        f"<!doctype html><html lang='{language}'><head><meta charset='utf-8'><title>{title}</title>{head}</head>"
        f"<body>{body}</body></html>"
    )


def pages() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Name, page and article of each."""
    yield from _europe()
    yield from _asia()
    yield from _kinds()


def _europe() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    t = TEXTS["en"]
    caption = "The mole of Westray at low water, seen from the pilots' house"
    others = ["Salmon prices fall again", "School bus slides into ditch", "Museum buys a sealer's hut"]
    blurb = "The story of the week from our islands, told by those who were there when it happened."
    body = (
        "<div id='page' class='site'><header id='masthead'><p class='site-title'><a href='/'>Isles Gazette</a></p>"
        "<nav><ul class='menu'><li><a href='/n'>News</a></li><li><a href='/s'>Sport</a></li></ul></nav></header>"
        "<div id='content' class='site-content'><main id='main'><article id='post-4711' class='post type-post hentry'>"
        "<header class='entry-header'><h1 class='entry-title'>Pilots refuse to bring in ships</h1><div class='entry-meta'>"
        "<span class='posted-on'><a href='/4711'><time>27 November 2026</time></a></span> <span class='byline'>by <a href='/a/k'>Kari Moe</a></span></div></header>"
        f"<div class='entry-content'>{_p(t[:2])}<div class='wp-caption aligncenter'><img src='/m.jpg'><p class='wp-caption-text'>{caption}</p></div>"
        f"{_p(t[2:4])}<div class='wpcnt'><span>Advertisements</span></div>{_p(t[4:])}"
        "<div class='sharedaddy sd-sharing-enabled'><h3 class='sd-title'>Share this:</h3><ul><li><a href='#'>Email</a></li><li><a href='#'>X</a></li></ul></div>"
        f"<div id='jp-relatedposts' class='jp-relatedposts'><h3>Related</h3>{_teasers(others, blurb, 'jp-post')}</div></div>"
        "<footer class='entry-footer'><span class='tags-links'>Tagged <a href='/t'>harbour</a>, <a href='/u'>pilots</a></span></footer></article>"
        "<div id='comments' class='comments-area'><h2>2 thoughts on “Pilots refuse to bring in ships”</h2><ol class='comment-list'>"
        "<li><p>My uncle was a pilot and he always said that lamp would be the death of somebody some day.</p></li>"
        "<li><p>They should have thought of that before they built the new council house with our money.</p></li></ol></div></main>"
        f"<div id='secondary' class='widget-area'><section class='widget'><h2>Recent Posts</h2>{_teasers(others, blurb, 'wi')}</section></div></div></div>"
        "<div class='site-info'>Proudly powered by a weblog system. Isles Gazette, Quay 2.</div>"
    )
    yield (
        "weblog en",
        _page("en", "Pilots refuse to bring in ships – Isles Gazette", body),
        (*t[:2], caption, *t[2:]),
    )

    t = TEXTS["de"]
    parts = [f"<div class='article__item article__item--text'><p>{line}</p></div>" for line in t]
    see = (
        "<div class='article__item article__item--box'><div class='box__title'>Lesen Sie auch</div><a href='/b'><h4>Freibad bleibt im Sommer länger offen</h4>"
        "<p>Die Besucherzahlen sind so hoch wie seit zwanzig Jahren nicht mehr, meldet der Betreiber der Freibäder.</p></a></div>"
    )
    letter = (
        "<div class='article__item newsletter-teaser'><h4>Der Morgen in Lahr</h4><p>Alles Wichtige zum Start in den Tag: Jetzt unseren kostenlosen "
        "Newsletter bestellen und nichts mehr verpassen.</p><button>Anmelden</button></div>"
    )
    body = (
        "<div class='cmp-layer'><p>Mit Ihrer Zustimmung verwenden wir und unsere 187 Partner Cookies, um Informationen auf Ihrem Gerät zu speichern.</p>"
        "<button>Zustimmen</button></div><header><a href='/'>Lahrer Bote</a></header><main><div class='article'><div class='article__header'>"
        "<span class='kicker'>Stadtrat</span><h1>Hallenbad wird saniert</h1></div>"
        + "".join([*parts[:2], see, *parts[2:4], letter, *parts[4:]])
        + "<div class='article__author'><b>Zur Person</b><p>Jens Amann ist Redakteur im Lokalen und schreibt seit 2011 über Stadtpolitik.</p></div></div>"
        "<section class='teaser-list'><h2>Das könnte Sie auch interessieren</h2>"
        + _teasers(
            ["Neue Kita öffnet", "Baustelle am Ring"],
            "Die Arbeiten dauern bis zum Sommer und kosten die Stadt mehr als geplant.",
            "t",
        )
        + "</section></main><footer><p>© Lahrer Bote Verlag GmbH. Alle Rechte vorbehalten.</p></footer>"
    )
    yield "pieces and boxes de", _page("de", "Hallenbad wird saniert | Lahrer Bote", body), tuple(t)

    t = TEXTS["fr"]
    hours = [(f"{18 - n} h {10 + n}", f"Point {n + 1} sur le blocage", line) for n, line in enumerate(t[1:])]
    entries = "".join(
        f"<article class='live-post' id='l{n}'><time>{hour}</time><h3>{head}</h3><div class='live-post__body'><p>{line}</p></div>"
        "<div class='live-post__share'><a href='#'>Partager</a></div></article>"
        for n, (hour, head, line) in enumerate(hours)
    )
    body = (
        "<div class='bandeau-cookies'><p>Nous utilisons des cookies pour mesurer l'audience et personnaliser la publicité.</p></div>"
        f"<nav><a href='/'>Accueil</a></nav><main><h1>Blocage de l'abattoir : suivez la journée</h1><p class='chapo'>{t[0]}</p>"
        f"<div class='live'>{entries}</div></main><aside><h2>Les plus lus</h2>{_teasers(['Une brebis sauvée', 'Le marché revient'], 'Notre reportage dans les villages du plateau, avec ceux qui y vivent toute l’année.', 'plus-lu')}</aside>"
    )
    told = [piece for _, head, line in hours for piece in (head, line)]
    yield "live ticker fr", _page("fr", "Blocage de l'abattoir : suivez la journée", body), (t[0], *told)

    t = TEXTS["es"]
    rows = [("Riópar", "540", "2 casas"), ("Bogarra", "410", "ninguna"), ("Paterna", "262", "1 granja")]
    table = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    also = "<p><strong>Te puede interesar: <a href='/x'>Los bomberos piden más medios para el verano</a></strong></p>"
    body = (
        "<header><a href='/'>Diario de la Sierra</a></header><div class='contenido'><h1>El fuego arrasa la sierra de Alcaraz</h1>"
        f"<section class='cuerpo'>{_p(t[:2])}</section><div class='publi'><span>Publicidad</span></div><section class='cuerpo'>{_p(t[2:3])}{also}{_p(t[3:4])}</section>"
        f"<section class='cuerpo'><table><caption>Hectáreas por municipio</caption><tr><th>Municipio</th><th>Hectáreas</th><th>Daños</th></tr>{table}</table>{_p(t[4:])}</section></div>"
        "<div class='boletin'><h3>Boletín de la mañana</h3><p>Reciba cada día en su correo las noticias más importantes de la comarca.</p></div>"
        + _teasers(
            ["Feria del queso", "Vuelve el tren"],
            "Miles de visitantes se esperan este fin de semana en la plaza.",
            "modulo",
        )
    )
    cells = ["Municipio Hectáreas Daños", *(" ".join(row) for row in rows)]
    yield (
        "containers and table es",
        _page("es", "El fuego arrasa la sierra de Alcaraz", body),
        (*t[:4], "Hectáreas por municipio", *cells, *t[4:]),
    )

    t = TEXTS["ru"]
    also = "<div class='inject'>Читайте также: <a href='/n/7'>В Шенкурске отремонтировали мост</a></div>"
    body = (
        "<div class='topline'><a href='/'>Северный вестник</a><a href='/news'>Новости</a><a href='/afisha'>Афиша</a></div><div class='news-single'>"
        f"<h1>Двенадцать домов остались без тепла</h1><div class='news-single__text'>{t[0]}<br><br>{t[1]}<br><br>{t[2]}{also}{t[3]}<br><br>{t[4]}<br><br>{t[5]}</div>"
        "<div class='subscribe-tg'><a href='https://t.example/sv'>Подписывайтесь на наш канал в Телеграме, чтобы первыми узнавать новости</a></div>"
        "<div class='tags'><a href='#'>котельная</a><a href='#'>Вельск</a></div></div><div class='col-right'>"
        + _teasers(
            ["Лёд на реке окреп", "Хор едет в Москву"],
            "Рассказываем, что изменится для жителей области с первого декабря.",
            "item",
        )
        + "</div><div class='footer'>Сетевое издание «Северный вестник», 16+. Использование материалов разрешено только со ссылкой на источник.</div>"
    )
    yield "line breaks ru", _page("ru", "Двенадцать домов остались без тепла", body), tuple(t)

    t = TEXTS["pl"]
    said = "".join(
        f"<article class='comment'><header>gość{n}</header><p>Dobrze, że go znaleźli, ale kto zapłaci za całą tę akcję ratunkową, numer {n}?</p></article>"
        for n in range(4)
    )
    body = (
        "<div id='rodo'><h2>Szanowny Czytelniku</h2><p>Chcielibyśmy poinformować o przetwarzaniu danych osobowych w naszym serwisie.</p><p>Zgoda jest dobrowolna i można ją w każdej chwili wycofać w ustawieniach.</p></div>"
        f"<div class='main-content'><article><h1>Wędkarz odnaleziony na wyspie</h1><p class='lead'><strong>{t[0]}</strong></p>{_p(t[1:])}</article><section id='komentarze'><h3>Komentarze (4)</h3>{said}</section></div>"
    )
    yield "comments as articles pl", _page("pl", "Wędkarz odnaleziony na wyspie", body), tuple(t)

    t, second = TEXTS["tr"], TEXTS["id"]
    body = (
        f"<main><article class='haber' data-id='1'><h1>Dere taştı, köprüler yıkıldı</h1><h2 class='spot'>{t[0]}</h2><div class='icerik'>{_p(t[1:])}</div></article>"
        f"<article class='haber' data-id='2'><h1>Sıradaki haber: yanardağ</h1><div class='icerik'>{_p(second)}</div></article></main>"
    )
    yield "next story follows tr", _page("tr", "Dere taştı, köprüler yıkıldı - Yayla", body), tuple(t)

    t = TEXTS["nl"]
    right = "".join(
        f"<li><span>{n}</span><a href='/m{n}'>Storm nummer {n} trekt over het wad</a></li>"
        for n in range(1, 6)
    )
    body = (
        "<div class='wrapper'><div class='col-left'><h2>Veerdienst ligt stil door staking</h2><div class='info'>24 november 2026 - Onze verslaggever</div>"
        f"<div class='txt'>{_p(t[:3])}<div class='foto'><img src='/v.jpg'><span class='bijschrift'>De veerboot ligt sinds dinsdag aan de kade.</span></div>{_p(t[3:])}</div></div>"
        f"<div class='col-right'><h4>Meest gelezen</h4><ol>{right}</ol><h4>Weerbericht</h4><p>Vannacht trekt een storing over het land met windstoten tot negentig kilometer per uur.</p></div></div>"
    )
    yield (
        "no first heading nl",
        _page("nl", "Veerdienst ligt stil door staking - Wadkrant", body),
        (*t[:3], "De veerboot ligt sinds dinsdag aan de kade.", *t[3:]),
    )

    t = TEXTS["el"]
    body = (
        "<div class='region region-content'><div class='node node--type-article'><h1 class='page-title'>Σεισμός ανοιχτά της Καρπάθου</h1>"
        f"<div class='field field--name-body'><div class='field__item'>{_p(t[:3])}</div></div><div class='field field--name-field-text'><div class='field__item'>{_p(t[3:])}</div></div>"
        "<div class='field field--name-field-tags'><div class='field__label'>Ετικέτες</div><div class='field__item'><a href='#'>σεισμός</a></div></div></div>"
        "<div class='views-element-container'><h2>Σχετικά άρθρα</h2>"
        + _teasers(
            ["Ιστορίες του νησιού", "Νέο πλοίο"],
            "Διαβάστε το ρεπορτάζ της εφημερίδας για τη ζωή στα μικρά νησιά.",
            "views-row",
        )
        + "</div></div>"
    )
    yield "fields el", _page("el", "Σεισμός ανοιχτά της Καρπάθου | Νησιά", body), tuple(t)


def _asia() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    t = TEXTS["ar"]
    tweet = "<blockquote class='twitter-tweet'><p>الحملة تبدأ صباح السبت في جميع المراكز.</p>— وزارة الصحة <a href='#'>25 نوفمبر</a></blockquote>"
    body = (
        f"<div class='container'><h1>حملة تطعيم ضد الحصبة</h1><div class='wysiwyg wysiwyg--all-content'>{_p(t[:2])}"
        f"<div class='more-on'><h3>قصص مقترحة</h3><ul><li><a href='/1'>كيف عادت المياه إلى القرية</a></li><li><a href='/2'>سوق السمك يفتح أبوابه</a></li></ul></div>{_p(t[2:4])}{tweet}{_p(t[4:])}</div>"
        "<div class='sources'>المصدر: وكالات</div></div>"
    )
    quoted, by = "الحملة تبدأ صباح السبت في جميع المراكز.", "— وزارة الصحة 25 نوفمبر"
    yield "embedded post ar", _page("ar", "حملة تطعيم ضد الحصبة", body), (*t[:4], quoted, by, *t[4:])

    t = TEXTS["ja"]
    ranking = "".join(f"<li><a href='/r{n}'>北の港で初競り 第{n}報</a></li>" for n in range(1, 6))
    body = (
        f"<div id='contents'><article><header><h1>雪で倉庫倒壊 富山</h1></header><div class='article_body highLightSearchTarget'><div><p class='yjDirectSL'>{'<br><br>'.join(t)}</p></div></div>"
        "<div class='article_footer'><p>【関連記事】</p><ul><li><a href='/a1'>除雪車が足りない山の村</a></li><li><a href='/a2'>冬の峠、早めの閉鎖へ</a></li></ul></div></article>"
        f"<section class='ranking'><h2>アクセスランキング</h2><ol>{ranking}</ol></section></div><p>無断転載を禁じます。</p>"
    )
    yield "one paragraph ja", _page("ja", "雪で倉庫倒壊 富山（北陸日報）", body), tuple(t)

    t = TEXTS["zh"]
    body = (
        f"<div class='main'><h1 class='main-title'>甘肃发现汉代墓葬群</h1><div class='date-source'>2026年11月26日 来源:陇上晚报</div><div class='article' id='artibody'>{_p(['　　' + line for line in t])}"
        "<p class='article-editor'>责任编辑:王小雨</p></div><div class='article-bottom'><div class='qrcode'><p>扫码下载客户端,随时看新闻</p></div></div></div>"
        "<div class='right-side'><h3>热门推荐</h3><ul><li><a href='/1'>黄河两岸的候鸟回来了</a></li><li><a href='/2'>老城的最后一家照相馆</a></li></ul></div>"
    )
    yield "indented zh", _page("zh", "甘肃发现汉代墓葬群_陇上晚报", body), tuple(t)

    t = TEXTS["hi"]
    also = "<p><a href='/k'>यह भी पढ़ें: पहाड़ों में पर्यटकों की संख्या बढ़ी</a></p>"
    body = (
        f"<section class='amp-story'><h1>भूस्खलन से सात घर दबे</h1><amp-img src='/p.jpg'></amp-img>{_p(t[:2])}<amp-ad width='300'></amp-ad>{also}{_p(t[2:])}</section>"
        "<amp-sticky-ad>विज्ञापन</amp-sticky-ad><footer>सर्वाधिकार सुरक्षित</footer>"
    )
    yield "amp hi", _page("hi", "भूस्खलन से सात घर दबे", body), tuple(t)

    t = TEXTS["ko"]
    body = (
        "<div id='wrap'><div class='head_view'><h1 class='tit'>고성 어촌 창고 화재</h1><span class='txt_info'>입력 2026.11.28.</span></div><div id='articleBody' itemprop='articleBody'>"
        f"<span class='end_photo_org'><img src='/f.jpg'><em class='img_desc'>불에 탄 창고 앞에 소방차가 서 있다.</em></span>{t[0]}<br><br>{t[1]}<br><br>{t[2]}<br><br>{t[3]}</div>"
        "<div class='reporter_area'><a href='#'>박서연 기자</a></div><p class='copyright'>무단 전재 및 재배포 금지</p><div class='rank'><h3>많이 본 뉴스</h3><ul><li><a href='/1'>바다 위의 우체국</a></li></ul></div></div>"
    )
    yield "spans ko", _page("ko", "고성 어촌 창고 화재", body), ("불에 탄 창고 앞에 소방차가 서 있다.", *t)

    t = TEXTS["id"]
    left = "".join(f"<tr><td><a href='/{n}'>Rubrik {n}</a></td></tr>" for n in range(8))
    body = (
        f"<table width='980'><tr><td colspan='3'><img src='/logo.gif'></td></tr><tr><td valign='top'><table>{left}</table></td><td valign='top'><font size='5'><b>Gunung Awu keluarkan asap</b></font><br>"
        f"{_p(t)}</td><td valign='top'><b>Berita lain</b><br><a href='/k'>Kapal baru untuk nelayan</a><br><a href='/l'>Panen cengkih mulai</a></td></tr></table>"
    )
    yield "nested tables id", _page("id", "Gunung Awu keluarkan asap", body), tuple(t)


def _kinds() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    t = TEXTS["pt"]
    wall = (
        "<div class='assine'><h3>Continue lendo</h3><p>Este conteúdo é exclusivo para assinantes. Assine por apenas R$ 9,90 ao mês e leia sem limites.</p>"
        "<p>Já é assinante? Entre com o seu e-mail e a sua senha.</p></div>"
    )
    body = f"<main><article><h1>Dora Antunes vence por 212 votos</h1>{_p(t[:2])}</article>{wall}</main>"
    yield "first lines before a wall pt", _page("pt", "Dora Antunes vence por 212 votos", body), tuple(t[:2])

    facts = [("Eleitores", "9.412"), ("Comparecimento", "81,3%"), ("Urnas", "38")]
    listed = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts)
    body = f"<div class='post-content'><h1>Dora Antunes vence por 212 votos</h1>{_p(t[:3])}<dl>{listed}</dl>{_p(t[3:])}</div><div class='publicidade'>Anúncio</div>"
    yield (
        "list of definitions pt",
        _page("pt", "Dora Antunes vence por 212 votos", body),
        (*t[:3], *(word for pair in facts for word in pair), *t[3:]),
    )

    t = TEXTS["en"]
    linked = {
        "@context": "https://schema.org",
        "@graph": [
            {
                "@type": "NewsArticle",
                "headline": "Pilots refuse",
                "articleBody": " ".join(t),
                "isAccessibleForFree": False,
            }
        ],
    }
    script = f"<script type='application/ld+json'>{json.dumps(linked)}</script>"
    body = f"<main><h1>Pilots refuse</h1><p>{t[0]}</p><div class='gate'><p>Subscribe to read the rest of this story and all others.</p></div></main>"
    yield "whole text in the head en", _page("en", "Pilots refuse", body, script), tuple(t)

    blocks = "".join(
        f"<div data-component='text-block' class='ssrcss-1q0x1qg'><p class='ssrcss-abc'>{line}</p></div>"
        for line in t[:4]
    )
    links = "<div data-component='links-block' class='ssrcss-x'><h2>More on this story</h2><ul><li><a href='/1'>Why the islands need new lights</a></li><li><a href='/2'>A day with the pilots</a></li></ul></div>"
    body = (
        f"<main id='main-content'><article class='ssrcss-art'><header><h1>Pilots refuse to bring in ships</h1></header><div data-component='image-block'><figure><img src='/i.jpg'><figcaption><span>Image caption, </span>The light on the mole</figcaption></figure></div>{blocks}"
        f"<div data-component='subheadline-block'><h2>Guard boat</h2></div>{_p(t[4:])}{links}<section data-component='tag-list'><h2>Related topics</h2><ul><li><a href='/o'>Orkney</a></li></ul></section></article></main>"
    )
    yield (
        "blocks by attribute en",
        _page("en", "Pilots refuse to bring in ships - News", body),
        ("Image caption, The light on the mole", *t[:4], "Guard boat", *t[4:]),
    )

    talk = [
        ("Why do the pilots refuse?", t[1]),
        ("Who is to pay?", t[3]),
        ("And until then?", t[5]),
    ]
    asked = "".join(
        f"<p class='question'><strong>{ask}</strong></p><p class='answer'>{said}</p>" for ask, said in talk
    )
    pull = f"<aside class='pullquote'><p>{t[3]}</p></aside>"
    body = (
        f"<div class='interview'><h1>“We need that lamp”</h1><p class='intro'>{t[0]}</p>{asked}{pull}</div>"
    )
    yield (
        "interview en",
        _page("en", "“We need that lamp”", body),
        (t[0], *(each for pair in talk for each in pair)),
    )

    about = "Foss Marine of Westray builds lamps and buoys for small harbours and employs 41 people."
    body = (
        f"<div class='release'><h1>New lamp for Westray</h1><section class='release-body'><p><span class='xn-location'>WESTRAY</span>, <span class='xn-chron'>Nov. 27, 2026</span> /Islewire/ -- {t[0]}</p>{_p(t[3:5])}"
        f"<p><b>About Foss Marine</b></p><p>{about}</p></section><div class='share-release'><a href='#'>Share</a></div></div><div class='cta'><h3>Also from this source</h3>{_teasers(['Buoys for Shetland', 'New yard opens'], 'Foss Marine today announced the opening of a new hall.', 'card')}</div>"
    )
    yield (
        "press release en",
        _page("en", "New lamp for Westray", body),
        (
            f"WESTRAY, Nov. 27, 2026 /Islewire/ -- {t[0]}",
            *t[3:5],
            "About Foss Marine",
            about,
        ),
    )

    names = ["A lamp that never failed", "The lamp of the lee shore", "A light for two kings"]
    listed = "".join(
        f"<h2>{n}. {name}</h2><figure><img src='/{n}.jpg'></figure><p>{t[n]}</p><div class='buy-box'><a href='/shop'>Buy the print at our shop</a></div>"
        for n, name in enumerate(names, 1)
    )
    body = f"<article class='list-article'><h1>Three lamps of the north</h1><p>{t[0]}</p>{listed}</article><div class='recirculation'>{_teasers(['Ten quays', 'Six bells'], 'A list to read on the ferry home, with pictures by our readers.', 'r')}</div>"
    yield (
        "list of things en",
        _page("en", "Three lamps of the north", body),
        (
            t[0],
            *(piece for n, name in enumerate(names, 1) for piece in (f"{n}. {name}", t[n])),
        ),
    )

    t = TEXTS["de"]
    body = (
        f"<article><h1>Video: Streit um das Bad</h1><div class='player'><button>Abspielen</button></div><p>{t[0]}</p><details><summary>Transkript</summary>{_p(t[1:4])}</details></article>"
        f"<div class='playlist'>{_teasers(['Video: Sturm', 'Video: Markt'], 'Drei Minuten aus der Region, jeden Abend um sechs.', 'clip')}</div>"
    )
    yield (
        "video with its words de",
        _page("de", "Video: Streit um das Bad", body),
        tuple(t[:4]),
    )
