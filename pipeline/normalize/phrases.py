"""What boilerplate looks like, in English, German, French, Spanish and some of Italian, Portuguese and Dutch.

Each rule is a name and a pattern that is matched against a whole line; patterns are linear in the line.
"""

from __future__ import annotations

import re

from pipeline.normalize.datewords import DATE_WORD

_I = re.IGNORECASE


def _rule(name: str, *patterns: str) -> tuple[str, re.Pattern[str]]:
    return name, re.compile(r"^\W{0,4}(?:" + "|".join(patterns) + r")\W{0,6}$", _I)


_SHARE_WORDS = frozenset(
    "share this article story post page on via with friends facebook twitter tweet x whatsapp linkedin email mail e "
    "print pinterest reddit telegram copy link messenger flipboard pocket tumblr line save sms viber skype threads "
    "bluesky mastodon instagram snapchat youtube gift icon button opens in new window click to share and or more "
    "teilen drucken merken versenden auf per kopieren artikel senden weiterempfehlen "
    "partager imprimer envoyer sur par l article cet enregistrer copier le lien "
    "compartir imprimir enviar en por correo guardar copiar enlace "
    "condividi stampa compartilhar compartilhe delen google plus vk ok xing rss feed like comment comments".split()
)
_SHARE_CORE = frozenset(
    "share facebook twitter tweet whatsapp linkedin email print pinterest reddit telegram flipboard teilen drucken "
    "partager imprimer compartir imprimir condividi compartilhar compartilhe delen xing copy save messenger "
    "e-mail bluesky mastodon instagram".split()
)
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\W_]+")

_ALWAYS_DATE = re.compile(
    r"^(?:(?:last |first |originally )?(?:updated|modified|published|posted|created|revised|edited)|update|date|"
    r"aktualisiert|veröffentlicht|stand|erstellt|zuletzt aktualisiert|publié|mis à jour|modifié|mise à jour|"
    r"actualizado|publicado|actualizada|publicada|aggiornato|pubblicato|atualizado|gepubliceerd|bijgewerkt|"
    r"posted on|updated on|updated at|published on|published at)$",
    _I,
)
_DATE_LEAD = re.compile(
    r"^(?:\W{0,3}(?:(?:last|first|originally|zuletzt|article|story|this article was|this story was|artikel|am|date|"
    r"post|page|edited|date de publication)\s+)*(?:updated?|modified|published|posted|created|revised|"
    r"aktualisiert|veröffentlicht|stand|publiée?|mise? à jour|modifiée?|actualizad[oa]|publicad[oa]|aggiornato|"
    r"pubblicato|atualizado|gepubliceerd|bijgewerkt|geändert|erschienen|date)\b)",
    _I,
)
_DATE_TOKEN = re.compile(rf"(?:{DATE_WORD}|\d{{1,4}}(?:st|nd|rd|th|er|º|h)?|[apAP]\.?[mM]\.?)$", _I)
_FILLER = frozenset(
    "on at by the of um am den der das uhr le la à a a\u0300 las el los de del h hrs hours hour minutes minute min mins ago "
    "vor stunden stunde minuten il y heures heure hace horas hora alle ore and und et last first "
    "updated modified published posted update created aktualisiert veröffentlicht publié publie mis mise jour modifié "
    "actualizado publicado date local time days day weeks week months month years jours jour tagen tage".split()
)


def is_share_bar(line: str) -> bool:
    """Whether a line is nothing but words of sharing buttons."""
    if len(line) > 200:
        return False
    words = [word.lower() for word in _WORD.findall(line) if not word.isdigit()]
    return (
        bool(words) and any(word in _SHARE_CORE for word in words) and all(w in _SHARE_WORDS for w in words)
    )


def is_date_line(line: str) -> bool:
    """Whether a line is nothing but a date or time, with or without "Updated" before it."""
    if len(line) > 160 or not (_DIGIT.search(line) or _ALWAYS_DATE.match(line.strip(" :|-–—•·*()[]"))):
        return False
    bare = line.strip(" :|-–—•·*()[]")
    if _ALWAYS_DATE.match(bare):
        return True
    lead = _DATE_LEAD.match(line)
    rest = line[lead.end() :] if lead else line
    words = re.findall(r"[^\W\d_]+\.?(?:[mM]\.)?|\d+[^\W\d_]*", rest)
    if not words or len(words) > 22:
        return False
    named = sum(1 for word in words if _DATE_TOKEN.match(word.rstrip(".")) and not word.isdigit())
    digits = any(char.isdigit() for char in rest)
    if not all(_DATE_TOKEN.match(w.rstrip(".")) or w.lower().rstrip(".") in _FILLER for w in words):
        return False
    if lead:
        return True
    numeric = re.search(r"\b\d{1,4}[./-]\d{1,2}[./-]\d{2,4}\b", rest) is not None
    clock = (
        re.fullmatch(r"\W*\d{1,2}[:.h]\d{2}(?:[:.]\d{2})?\s*(?:[ap]\.?m\.?|uhr|h)?\W*", rest, _I) is not None
    )
    ago = re.search(r"\d+ \w+ ago|vor \d+ \w+|il y a \d+|hace \d+", rest, _I) is not None
    return digits and (numeric or clock or ago or (named >= 1 and len(words) >= 2))


_NAME = r"[A-ZÀ-ÖØ-Þ][\w'’.-]+"
_OUTLET_WORDS = r"[\w .,'&’\"-]{1,80}"

RULES: tuple[tuple[str, re.Pattern[str]], ...] = (
    _rule(
        "comments",
        r"(?:leave|post|add|write) (?:a |your )?(?:comment|reply|response)s?(?: below| on this story| here)?",
        r"leave a reply(?: cancel reply)?",
        r"cancel reply",
        r"(?:\d+ |no |show |view |see |read |hide |load |all |join |post |add )*comments?(?: \d+| \(\d+\)| off| on .{1,80})?",
        r"comments? (?:are|is) (?:closed|disabled|turned off|moderated).{0,120}",
        r"be the first to (?:comment|know|reply|share).{0,60}",
        r"join the (?:conversation|discussion|debate).{0,60}",
        r"what do you think\?.{0,80}comments?.{0,40}",
        r"(?:let us know|tell us|share your (?:thoughts|views)).{0,100}comments?.{0,60}",
        r"your email address will not be published.{0,80}",
        r"required fields are marked.{0,10}",
        r"you must be logged in to .{0,60}",
        r"log ?in to (?:comment|leave|join|reply).{0,40}",
        r"have your say.{0,60}",
        r"(?:\d+ )?kommentare?(?: \(\d+\))?(?: schreiben| lesen| anzeigen| verfassen)?",
        r"kommentar (?:schreiben|verfassen|hinterlassen|abgeben)",
        r"schreiben sie (?:den ersten|einen) kommentar.{0,40}",
        r"schreibe einen kommentar",
        r"diskutieren sie mit.{0,60}",
        r"(?:\d+ )?commentaires?(?: \(\d+\))?",
        r"(?:laisser|ajouter|écrire|poster|laissez) (?:un |votre )commentaire.{0,40}",
        r"soyez le premier à (?:commenter|réagir).{0,40}",
        r"(?:réagir|commenter)(?: à cet article)?",
        r"(?:\d+ )?comentarios?(?: \(\d+\))?",
        r"(?:deja|dejar|escribe|añade|añadir) (?:un|tu) comentario.{0,40}",
        r"deja una respuesta.{0,30}",
        r"lascia un commento.{0,30}",
        r"(?:\d+ )?commenti",
        r"deixe (?:um|seu) comentário.{0,30}",
        r"plaats een reactie",
        r"(?:\d+ )?reacties",
    ),
    _rule(
        "share bar",
        r"(?:please )?share (?:this|the|on|via|with|your|to) .{1,60}",
        r"share this:?",
        r"click to share.{0,80}",
        r"like this:?",
        r"like loading.{0,5}",
        r"\d+(?:[.,]\d+)?k? ?shares?(?: on .{1,20})?",
        r"shares?:? ?\d+",
        r"copy link(?: to clipboard)?",
        r"link copied",
        r"copied(?: to clipboard)?",
        r"(?:artikel|diesen artikel|beitrag) (?:teilen|merken|drucken|versenden|auf .{1,20} teilen).{0,40}",
        r"(?:partager|envoyer|imprimer) (?:cet article|l'article|sur|par).{0,60}",
        r"(?:compartir|comparte) (?:en|esta|este|la).{0,50}",
        r"print this (?:page|article|story)",
        r"email this (?:page|article|story).{0,30}",
        r"save (?:this )?(?:article|story|for later)",
        r"bookmark this.{0,30}",
        r"add (?:to|as) (?:favou?rites|reading list|a? ?preferred source).{0,30}",
        r"gift (?:this )?article",
    ),
    _rule(
        "cookie notice",
        r"(?:we|this (?:site|website|page)|our (?:site|website|partners)|the site)\b.{0,60}\buses? .{0,40}cookies?\b.{0,400}",
        r"(?:we|we and our (?:\d+ )?partners)\b.{0,80}\b(?:store|access|process)\b.{0,80}\b(?:cookies?|device|personal data)\b.{0,300}",
        r"by (?:continuing|using|clicking|closing|browsing|accessing|visiting|scrolling)\b.{0,160}\b(?:cookies?|privacy policy|terms (?:of|and)|consent)\b.{0,200}",
        r"(?:accept|reject|allow|manage|decline|customi[sz]e)(?: all| optional| necessary| essential| my)? ?(?:cookies?|preferences|settings)?(?: and (?:close|continue|proceed))?(?: cookies)?",
        r"(?:cookie|privacy) (?:policy|settings|notice|preferences|consent|banner|statement).{0,60}",
        r"your (?:privacy|cookie) (?:choices|settings|preferences|options).{0,60}",
        r"we (?:value|care about|respect) your privacy.{0,300}",
        r"to (?:view|see|watch|read|display) this (?:content|video|post|article|embed).{0,60}\b(?:cookies?|consent|javascript)\b.{0,100}",
        r"(?:wir|diese (?:website|webseite|seite)|unsere (?:website|webseite|seite|partner))\b.{0,80}\b(?:verwende[nt]|nutz(?:en|t)|setz(?:en|t)|benutz(?:en|t))\b.{0,60}\bcookies?\b.{0,300}",
        r"(?:alle )?cookies? (?:akzeptieren|ablehnen|zulassen|einstellungen)",
        r"(?:alle akzeptieren|zustimmen(?: und weiter)?|einstellungen verwalten)",
        r"mit (?:der|ihrer) (?:weiteren )?nutzung.{0,120}cookies?.{0,160}",
        r"(?:nous|ce site|notre site|nos partenaires)\b.{0,80}\b(?:utilis(?:e|ons|ent)|dépos(?:e|ons|ent))\b.{0,60}\b(?:cookies?|traceurs)\b.{0,300}",
        r"en (?:poursuivant|continuant|cliquant)\b.{0,160}\b(?:cookies?|conditions|confidentialité)\b.{0,200}",
        r"(?:tout )?(?:accepter|refuser)(?: (?:et (?:fermer|continuer)|tout|les cookies|tous les cookies))?|gérer (?:mes|les) (?:cookies|préférences).{0,30}",
        r"(?:este (?:sitio|portal)|esta (?:web|página)|utilizamos|usamos|nuestro sitio|nosotros)\b.{0,80}\bcookies?\b.{0,300}",
        r"(?:si (?:continúa|sigue|continúas)|al (?:continuar|navegar|usar))\b.{0,160}\bcookies?\b.{0,200}",
        r"(?:aceptar|rechazar)(?: todas?| todo)?(?: las cookies| y continuar| y cerrar)?",
        r"(?:questo sito|utilizziamo|este site|utilizamos|wij gebruiken|deze (?:site|website))\b.{0,60}\bcookies?\b.{0,300}",
    ),
    _rule(
        "newsletter",
        r"(?:sign|signed) ?up (?:for|to|here|now|today|and get|below).{0,260}",
        r"(?:please )?subscribe(?: (?:now|today|here|to|for|and|free|with)\b.{0,220})?",
        r"subscribers? only.{0,60}",
        r"get (?:the |our |all the |your |more |daily |breaking )?(?:latest|daily|top|best|breaking|biggest|morning|weekly|free|news|stories|newsletter|email)\b.{0,200}\b(?:inbox|newsletters?|e-?mail|delivered|alerts?|every (?:morning|day|week)|sign up)\b.{0,120}",
        r"(?:delivered|straight|directly|sent)\b.{0,30}\bto your inbox.{0,60}",
        r"(?:enter|your) (?:your )?e-?mail(?: address)?(?: here| below)?",
        r"(?:our|the) (?:free )?(?:daily |weekly |morning )?(?:newsletter|e-?mail)s?\b.{0,120}\b(?:inbox|sign|subscribe|delivers?)\b.{0,80}",
        r"(?:this (?:article|story|piece|item|column)|it) (?:first |originally )?(?:appeared|appears|was (?:first )?(?:published|sent)) in .{0,80}newsletter.{0,120}",
        r"(?:want|like|love|enjoy(?:ing)?|never miss)\b.{0,80}\b(?:sign up|subscribe|newsletter|inbox)\b.{0,120}",
        r"newsletters?(?: sign-?up)?",
        r"thank you for (?:signing up|subscribing|registering).{0,120}",
        r"you (?:are now|have been|can) (?:subscribed|unsubscribe).{0,100}",
        r"unsubscribe(?: at)? any ?time.{0,80}",
        r"no spam.{0,80}",
        r"something went wrong.{0,80}",
        r"by (?:signing up|subscribing|submitting|registering|providing)\b.{0,250}",
        r"email sign-?up",
        r"processing your request.{0,40}",
        r"(?:newsletter|jetzt).{0,20}(?:abonnieren|anmelden|bestellen|registrieren).{0,120}",
        r"(?:melden sie sich|abonnieren sie|bestellen sie|registrieren sie sich|jetzt kostenlos|verpassen sie).{0,200}",
        r"(?:unser|der|den|mit dem|mit unserem)\b.{0,40}newsletter.{0,160}\b(?:abonnieren|anmelden|informiert|postfach|erhalten)\b.{0,100}",
        r"(?:inscrivez-vous|abonnez-vous|recevez|je m'(?:abonne|inscris)|s'abonner|s'inscrire)\b.{0,200}",
        r"(?:suscríbe?(?:te|ase)|suscribirse|suscríbete|apúntate|recibe|reciba|regístrate|regístrese)\b.{0,200}",
        r"(?:iscriviti|abbonati|inscreva-se|assine|receba|meld je aan|schrijf je in|abonneer)\b.{0,160}",
    ),
    _rule(
        "read more",
        r"(?:read|see|find out|learn|know|discover|hear|view) (?:more|full|the full|the rest|it|all|next|on|now|also)(?: (?:story|article|report|text|here|about|at|on|from|of|in|stories|news|coverage|details|statement)\b.{0,160})?",
        r"(?:read|see|watch|read more|more|also read|read also|also see|also watch|related|must read|read next|up next|recommended|don'?t miss|further reading|see also|also|in case you missed it|icymi|from the archive|in pictures|top story|trending|explainer|watch now|editor'?s picks?)\s*[:>|»-]\s?.{0,200}",
        r"(?:also read|read also|see also|watch also|also watch|read this|read next|up next|watch next)\b.{0,160}",
        r"(?:related|more|recommended|popular|most read|most popular|trending|top|latest|other|similar|further|suggested|featured|don't miss|you may(?: also)?|you might(?: also)?|recent)(?: (?:stories|articles|news|posts|content|topics|coverage|reading|links|headlines|items|videos|now|like|also like|for you|from .{1,60}|on .{1,60}|in .{1,40}|about this story|about .{1,40}))+",
        r"continue(?: (?:reading|to (?:the )?(?:article|site|full)|the story|below))?.{0,140}",
        r"(?:click|tap|press) (?:here|on|to|the|this|below)\b.{0,160}",
        r"(?:for )?more (?:on|from|about|information|details|stories|at|here)\b.{0,120}",
        r"(?:for|find) (?:the )?(?:full|complete|more|latest|all)\b.{0,60}\b(?:visit|click|go to|see|read|follow)\b.{0,120}",
        r"(?:full|original|source|complete) (?:story|article|text|report|post|version|link|announcement)(?: .{0,60})?",
        r"(?:view|see|read) (?:the )?(?:original|full|entire|complete) .{0,60}",
        r"source(?: article| link)?\s*:\s*(?:https?://|www\.)?\S{0,120}",
        r"via\s*:?\s*\S+\.\S{2,60}",
        r"https?://\S{1,300}",
        r"more to (?:follow|come)",
        r"this is a (?:developing|breaking) (?:news )?story.{0,160}",
        r"(?:please )?(?:check|refresh|come) (?:back|this page).{0,80}(?:updates?|details|more).{0,60}",
        r"(?:story|article) (?:continues|continued) (?:below|after).{0,60}",
        r"(?:mehr|weiter)(?:lesen|e informationen|e artikel| lesen|e nachrichten)?(?: .{0,10}(?:zum thema|dazu|hier|bei|auf|aus|im|über|von)\b.{0,120})?",
        r"(?:lesen sie|lies|hören sie|sehen sie|schauen sie)(?: hier| dazu)? (?:auch|mehr|weiter|hier|den|die|dazu)\b.{0,160}",
        r"(?:auch interessant|das könnte sie(?: auch)? interessieren|zum thema|zum artikel|zur startseite|passend dazu|siehe auch|lesetipp|lesetipps|themen|ähnliche artikel|verwandte (?:artikel|themen)|meistgelesen|hier geht es)\b.{0,140}",
        r"(?:à )?lire (?:aussi|également|plus|la suite|l'article)\b.{0,160}",
        r"(?:voir|en savoir|à voir|à lire|lisez|écoutez|regardez|sur le même (?:sujet|thème)|pour aller plus loin|notre (?:dossier|sélection))\b(?: (?:aussi|plus|également|la suite)| ?:).{0,160}",
        r"(?:sur le même (?:sujet|thème)|pour aller plus loin|les plus lus|articles? (?:liés?|associés?|similaires))\b.{0,60}",
        r"(?:lea|lee|leer|ver|vea|mira|mire|te puede|le puede|quizás?|también|seguir|sigue)\b (?:también|más|además|interesar|leyendo|la nota|el artículo|la noticia|te interese|lea|le interese).{0,160}",
        r"(?:más información|más noticias|noticias relacionadas|artículos relacionados|lo más leído|contenido relacionado|relacionado|recomendado|te recomendamos)\b.{0,140}",
        r"(?:leggi|guarda) (?:anche|tutto|di più|l'articolo)\b.{0,140}",
        r"(?:leia|veja|saiba|confira) (?:também|mais)\b.{0,140}",
        r"lees (?:ook|meer|verder)\b.{0,140}",
        r"(?:читайте|смотрите) также\b.{0,160}",
        r"подробнее.{0,60}",
        r"(?:visit|go to|log on to|check out) (?:our |the )?(?:website|site|page|homepage|www\.\S+|https?://\S+)\b.{0,120}",
        r"(?:next|previous)(?: (?:article|story|post|page|up))?(?:\s*[:>»«<]\s?.{0,120})?",
        r"back to (?:top|home|homepage|article|the top)",
        r"(?:show|see|load|view|hide|expand) (?:more|less|all|full).{0,40}",
    ),
    _rule(
        "wordpress footer",
        r"the post .{1,300} (?:first )?appeared(?: first)? on .{1,100}",
        r"(?:this|the) (?:post|article|story|entry)\b.{0,300}\b(?:first|originally) (?:appeared|published|posted|ran) (?:on|at|in|by) .{1,120}",
        r"(?:this|the) (?:post|article|story|piece|report) (?:was|has been|appeared|is) (?:first |originally )?(?:published|republished|produced|provided|supplied|written|reprinted|syndicated|from|distributed)\b.{0,160}",
        r"(?:first|originally) (?:appeared|published|posted) (?:on|at|in|by) .{1,100}",
        r"der (?:beitrag|artikel) .{1,300} erschien (?:zuerst|zunächst) (?:auf|bei) .{1,80}",
        r"(?:l'article|cet article) .{0,300}(?:est )?(?:apparu|paru|publié) en premier (?:sur|dans) .{1,80}",
        r"la entrada .{1,300} (?:se publicó primero|aparece primero|apareció primero) en .{1,80}",
        r"l'articolo .{1,300} proviene da .{1,80}",
        r"o post .{1,300} apareceu primeiro em .{1,80}",
        r"(?:het bericht|het artikel) .{1,300} verscheen eerst op .{1,80}",
    ),
    _rule(
        "photo credit",
        r"(?:file |handout |stock |archive |cover |header |featured |main |lead |hero )?(?:photos?|images?|pictures?|photographs?|pics?|photo ?/ ?video|illustrations?|graphics?|videos?|screen ?grabs?|screenshots?)(?: (?:credits?|courtesy(?: of)?|by|from|source|copyright|caption|via|taken by|provided by|supplied by|used|used for .{1,40}))?\s*[:/©-]\s?.{1,300}",
        r"(?:photos?|images?|pictures?|photographs?|illustrations?|video|graphics?) (?:credits?|courtesy(?: of)?|by|source,|copyright|caption,|provided by|supplied by|supplied|via)\b ?.{0,200}",
        r"(?:image|media|photo|picture|video) (?:caption|source),?.{0,300}",
        r"(?:credits?|photographer|courtesy|pic|caption|figure|copyright)\s*:\s?.{1,160}",
        r".{0,80}(?:getty images?|shutterstock|istock(?:photo)?|alamy|unsplash|imago images?|picture[- ]alliance|afp via getty|wireimage|rex features|epa-efe|reuters/[A-Z]\w+ \w+|ap photo|ap images|pixabay|depositphotos|dreamstime|pexels|europa press via|corbis|flickr|creative commons|wikimedia commons|sipa usa|zuma(?: press| wire)?|nurphoto|adobe stock|afp/archivos?)\b.{0,60}",
        r"(?:reuters|ap|afp|epa|dpa|efe|ansa|tass|pa|ap photo|afp photo|upi|anp|imago|pool)(?: photo)?\s?/\s?[A-ZÀ-Þ][\w.'’-]+(?: [A-ZÀ-Þ][\w.'’-]*){0,3}(?:/.{1,40})?",
        r"file(?: photo| pic| image)?\s?[:–-]\s?.{1,260}",
        r"\(?(?:photo|image|pic|file|ap photo|credit|foto|bild|crédit|picture)s?\b[^()]{0,120}\)",
        r"©\s?.{1,120}",
        r"(?:fotos?|bild(?:er|quelle|nachweis|rechte)?|symbolbild|archivbild|archivfoto|grafik|quelle|symbolfoto|imagen|fotografía|crédito|créditos|archivo|fuente|crédits?(?: photo)?|légende|source|illustration|image d'illustration|photo d'illustration|imagem|crediti|fonte|beeld)\s?[:/©]\s?.{1,200}",
        r"(?:foto|photo|bild)\s[©(].{1,120}",
        r"(?:enlarge|zoom|view|open) (?:this |the )?(?:image|gallery|photo|in new tab).{0,60}",
        r"(?:hide|toggle|show) caption",
        r"\d+ (?:of|/|von|sur|de) \d+(?: photos?| images?)?",
        r"(?:slide|photo|image|gallery|bild|foto) \d+ (?:of|/|von|sur|de) \d+.{0,80}",
        r"bild in originalgröße.{0,40}",
        r"\[?image(?: \d+)?\]?",
    ),
    _rule(
        "copyright",
        r"(?:copyright|\(c\)|©|&copy;)\s?.{0,200}",
        r".{0,80}\ball rights reserved\b.{0,200}",
        r"(?:this|the) (?:material|content|article|story|report)\b.{0,40}\b(?:may|must|can) ?not be\b.{0,40}\b(?:published|reproduced|copied|rewritten|redistributed|distributed|broadcast|used)\b.{0,160}",
        r"(?:reproduction|republication|unauthori[sz]ed (?:use|reproduction))\b.{0,200}",
        r"(?:alle rechte vorbehalten|tous droits réservés|todos los derechos reservados|reservados todos los derechos|tutti i diritti riservati|riproduzione riservata|todos os direitos reservados|alle rechten voorbehouden)\b.{0,160}",
        r"(?:reproduction (?:interdite|strictement)|queda prohibida|prohibida (?:la|su))\b.{0,200}",
        r"(?:terms (?:of (?:use|service)|and conditions)|privacy policy)(?: (?:and|\||·) .{0,60})?",
        r"(?:with|additional) (?:reporting|files|information|material|agency inputs|inputs)\b.{0,10}\b(?:by|from)\b.{1,120}",
        r"(?:reporting|writing|editing|compiled|translated|written|edited|produced) (?:and (?:writing|editing|additional reporting) )?by .{1,280}",
        r"(?:reported|reporting) (?:by|from) [A-Z].{1,160}; .{1,160}",
        r"our standards: .{1,80}",
        r"(?:the )?(?:associated press|reuters|ap|afp|agencies|agence france-presse|bloomberg|xinhua|pti|ani|ians|dpa|efe|upi)(?: (?:contributed|and .{1,60} contributed) .{0,80}|[- ]?/?(?:jiji|dpa|afp|ap|reuters|contributed to this (?:report|story)))?",
        r".{1,120} contributed (?:to )?(?:reporting|this (?:report|story|article)|from).{0,100}",
        r"(?:this|the) (?:story|article|report|copy|headline|text)\b.{0,80}\b(?:has|have|was|were) (?:not )?been? ?(?:edited|corrected|updated|amended|clarified|changed|published|auto-generated)\b.{0,260}",
        r"(?:correction|clarification|editor'?s note|note to (?:readers|editors)|disclaimer|disclosure|publisher'?s note)\s*:.{0,500}",
        r"(?:news|agence|newswire|agency|agencies|wire) (?:service|services|reports|staff)s?",
        r"\(?with (?:agency )?inputs from .{1,80}\)?",
        r"(?:mit material (?:von|der)|mit agenturmaterial|quellen?)\b.{0,80}",
        r"\(?avec (?:l')?(?:afp|reuters|ap|agences?)\b.{0,40}\)?",
        r"\(?con información de .{1,80}\)?",
    ),
    _rule(
        "advertisement",
        r"(?:advertisements?|advert|ad|ads|advertising|sponsored(?: (?:content|post|by .{1,60}))?|promoted(?: content| stories)?|paid (?:content|post|partnership)|partner content|ad feedback|story continues(?: below)?.{0,60}|article continues.{0,60}|continue reading (?:below|after).{0,60}|loading(?:\.\.\.)?|scroll (?:down )?(?:to|for).{0,60}|skip (?:to (?:main )?content|ad(?:vert(?:isement)?)?|navigation|past newsletter.{0,40}|in \d+)|remove ads?.{0,60}|report (?:this )?ad|close(?: ad| this)?|ad loading.{0,10})",
        r"(?:anzeige|werbung|gesponsert|advertorial|publicité|la suite après (?:cette|la) publicité|publicidad|patrocinado|pubblicità|publicidade|continua después de la publicidad|advertentie|lea? la suite après.{0,40}|реклама)",
    ),
    _rule(
        "player",
        r"(?:watch|listen)(?: (?:now|live|again|here|below|above|more|video|the (?:video|full|moment|clip|latest).{0,120}|this.{0,60}|to (?:this|the|our|more|article|story|podcast|audio|full).{0,120}|live:.{0,100}|:.{0,160}))?",
        r"(?:video|audio|live|media)(?: player| playback| is loading| loading| caption| unavailable| is unavailable| not supported| available| stream)?(?: is loading| loading)?",
        r"(?:your|this) browser (?:does not|doesn'?t|is not|isn'?t)\b.{0,160}",
        r"(?:please )?(?:enable|turn on|activate|allow) javascript.{0,160}",
        r"javascript (?:is|must|needs).{0,120}",
        r"(?:click|press|tap|hit) (?:to |the )?play.{0,80}",
        r"(?:play|pause|mute|unmute|full ?screen|replay|rewind|settings|stop|autoplay)(?: video| audio| all| now)?",
        r"(?:this )?(?:video|audio|content|media|file) (?:is )?(?:can ?not|could not|not|isn'?t|un)\s?(?:be )?(?:played|available|loaded|supported|found).{0,100}",
        r"\d{1,2}:\d{2}(?: ?/ ?\d{1,2}:\d{2})?",
        r"(?:estimated |average )?(?:read(?:ing)?|listen(?:ing)?) time:? .{1,30}",
        r"\d+ ?(?:-| )?(?:min(?:ute)?s?)(?: (?:to )?(?:read|listen|watch))?",
        r"(?:lesezeit|lesedauer|temps de lecture|tiempo de lectura|durée de lecture|tempo di lettura)\b.{1,30}",
        r"(?:this article is|listen to|audio) .{0,30}(?:more than|minutes?|min)\b.{0,40}",
        r"article audio.{0,60}",
        r"(?:text size|font size|aa|a\+|a-)(?: .{0,20})?",
        r"(?:artikel|beitrag) (?:anhören|vorlesen).{0,40}",
        r"écouter l'article.{0,40}",
        r"escuchar (?:el artículo|la noticia).{0,40}",
    ),
    _rule(
        "follow us",
        r"(?:please )?(?:follow|like|find|join|connect with|add) (?:us|me|our|the author|@\w+|[A-Z][\w .'-]{1,40}? (?:on|at|@))\b.{0,160}",
        r"(?:follow|like) .{1,60} (?:on|at) (?:twitter|x|facebook|instagram|linkedin|threads|whatsapp|telegram|youtube|tiktok|bluesky|mastodon|google news)\b.{0,100}",
        r"follow .{0,3}@\w+.{0,60}",
        r"(?:download|get|install) (?:the |our )(?:free )?.{0,40}\bapps?\b.{0,120}",
        r"(?:join|subscribe to) our (?:whatsapp|telegram|youtube|facebook|community).{0,120}",
        r"(?:folgen sie|folge) (?:uns|mir|@\w+).{0,100}",
        r"(?:suivez|rejoignez)(?:-nous| nous|[ -]).{0,120}",
        r"(?:síguenos|síganos|sigue|únete|descarga|descargue) .{1,120}",
        r"(?:seguici|siga-nos|volg ons) .{1,80}",
        r"(?:laden sie|lade) .{0,40}app.{0,60}",
        r"téléchargez .{0,80}",
        r"@\w{2,30}",
    ),
    _rule(
        "appeal",
        r"(?:support|donate to|help fund|fund|become a|make a) (?:our |independent |quality |local |us |a )?.{0,40}\b(?:journalism|member|supporter|donation|contribution|patron|today)\b.{0,260}",
        r"(?:already|not (?:yet )?|existing) (?:a |an )?(?:subscribers?|members?|registered)\b.{0,100}",
        r"(?:log|sign) ?in(?: (?:or (?:register|subscribe|sign up)|to (?:continue|read|your account|access|view))\b.{0,80}| here| now)?",
        r"register(?: (?:now|free|for free|to (?:continue|read|access)|here)\b.{0,80})?",
        r"(?:this|the) (?:article|content|story|page) is (?:for|available (?:only )?to|reserved for|exclusive to|restricted to|locked|premium).{0,120}",
        r"(?:to (?:continue|keep) reading|continue reading with|unlock|start your|try .{0,30} free|only \$?€?£?\d|you have (?:reached|read|\d+ free)|you've (?:reached|read)|free trial|cancel any ?time|enjoy unlimited|unlimited (?:digital )?access|subscriber exclusive).{0,200}",
        r"(?:have|got) (?:a |any |more |information |an )?(?:story|tip|tips|news|question|questions|comment|feedback|idea|suggestion)s?\b.{0,40}\b(?:\?|email|contact|write|send|tell|let us|share|get in touch|message)\b.{0,220}",
        r"(?:email|contact|e-mail|reach|write to|send (?:tips|news|an e-?mail)|call) (?:us|the (?:author|writer|reporter|newsroom|editor)|him|her|[A-Z][\w.'-]+(?: [A-Z][\w.'-]+){0,2}|\S+@\S+|your)\b.{0,10}(?:at|on|to|via|:|@)\s?.{2,160}",
        r"contact(?: us| the (?:author|editor|newsroom))?",
        r"[\w .'-]{3,60} (?:can|may) be (?:reached|contacted|followed|emailed) (?:at|on|via|by)\b.{3,120}",
        r"(?:e-?mail|contact|tel|telephone|phone|kontakt|mehr zum autor)\s*:\s?.{2,120}",
        r"\S+@\S+\.\w{2,10}",
        r"(?:was this (?:article|page|story) (?:helpful|useful|interesting).{0,60}|rate this .{0,60}|report (?:a|an) (?:typo|error|mistake|correction).{0,60}|spotted (?:a|an) (?:typo|error|mistake).{0,80}|thanks? (?:you )?for reading.{0,120}|give feedback.{0,40})",
        r"(?:unterstützen sie|mit ihrem (?:abo|beitrag)|jetzt (?:abonnieren|testen|weiterlesen|lesen)|sie (?:haben bereits|sind bereits)|bereits abonnent|dieser (?:artikel|inhalt) ist|diesen artikel weiterlesen|weiterlesen mit|testen sie|probemonat).{0,160}",
        r"(?:soutenez|faites un don|cet article est réservé|article réservé|il vous reste|déjà abonné|la suite (?:est réservée|de cet article)|profitez|contenu réservé|pour lire la suite).{0,200}",
        r"(?:apóyanos|hazte (?:socio|miembro)|contenido (?:exclusivo|para suscriptores)|ya eres suscriptor|inicia sesión|para seguir leyendo|sigue leyendo).{0,160}",
    ),
    _rule(
        "tags",
        r"(?:tags?|tagged|filed under|file under|topics?|categor(?:y|ies)|keywords?|labels?|posted in|in this (?:article|story)|more about|related (?:tags?|topics?)|sections?|schlag(?:wort|worte|wörter)|themen|rubrik|stichworte|mots[- ]clés|étiquettes|thèmes?|sujets?|rubriques?|etiquetas?|temas?|archivado en|categorías?|argomenti|tag)\s*[:>|]\s?.{0,200}",
        r"(?:home|start(?:seite)?|accueil|inicio|portada)(?:page)?\s?[>»/|›].{1,160}",
        r"(?:posted|filed|published|archived) (?:in|under) [\w ,&/-]{1,60}",
        r"(?:you are here|breadcrumb)s?\s?:?.{0,120}",
        r"(?:main )?(?:menu|navigation|search|home|homepage|sections?|topics|startseite|menü|suche|accueil|recherche|inicio|buscar|portada)",
        r"(?:about|meet) the (?:author|writer|reporter)s?.{0,40}",
        r"(?:over|über den autor|über die autorin|à propos de l'auteur|sobre el autor).{0,40}",
        r"#\w+(?:[ ,]+#\w+)*",
        r"(?:key (?:points|takeaways|moments)|at a glance|in brief|summary|highlights|table of contents|contents|auf einen blick|inhaltsverzeichnis|sommaire|résumé|resumen|claves)",
    ),
)

# A heading over a list of other headlines: lines without a full stop that follow it go as well.
LIST_HEADS = re.compile(
    r"^\W{0,4}(?:(?:related|recommended|popular|trending|top|latest|similar|other|further|recent|more)(?: (?:stories|articles|news|posts|content|coverage|reading|links|headlines|on this(?: story| topic)?|from .{1,40}|now|like this))+|"
    r"(?:read more|read next|see also|also read|more on this(?: story)?|most (?:read|popular|viewed|shared)|you may(?: also)? (?:like|be interested in)|you might(?: also)? like|don'?t miss|up next|editor'?s picks?|what to read next|in other news|elsewhere on .{1,40}|around the web|from our partners|what else)|"
    r"(?:mehr zum thema|mehr dazu|lesen sie auch|auch interessant|das könnte sie(?: auch)? interessieren|meistgelesen|weitere artikel|ähnliche artikel|passend dazu)|"
    r"(?:lire aussi|à lire aussi|sur le même (?:sujet|thème)|les plus lus|à lire également|articles? (?:liés|associés|similaires))|"
    r"(?:lea también|lee también|te puede interesar|noticias relacionadas|artículos relacionados|más noticias|lo más leído|más información)|"
    r"(?:leggi anche|leia também|lees ook|читайте также))\W{0,4}$",
    _I,
)


def _glued(name: str, needles: str, pattern: str) -> tuple[str, tuple[str, ...], re.Pattern[str]]:
    return name, tuple(needles.split("|")), re.compile(pattern, _I)


# Without a blank before it, a phrase is cut only where a sentence ended: after a full stop or a quote.
_G = r"(?:(?<=[.!?\"')\]…])\s*|\s+[|•·»>–—-]\s*)"
# (rule, words of which the end of the line must hold one, pattern)
GLUED: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = (
    _glued("comments", "comment|reply", rf"{_G}(?:leave|post|add) a (?:comment|reply)\W*$|(?<=[.!?\"')\]])\s*(?:\d+ )?comments?(?: \(\d+\))?$"),
    _glued("comments", "kommentar schreiben|un commentaire|un comentario", r"(?<=[.!?\"')\]])\s*(?:kommentar schreiben|laisser un commentaire|deja un comentario)\W*$"),
    _glued("wordpress footer", "appeared", r"\s*\bthe post .{1,200} (?:first )?appeared (?:first )?on .{1,80}$"),
    _glued("wordpress footer", "zuerst auf|en premier|se publicó|apareció primero|proviene da", r"\s*\b(?:der beitrag .{1,200} erschien zuerst auf|l'article .{1,200} est apparu en premier sur|la entrada .{1,200} (?:se publicó primero|apareció primero) en|l'articolo .{1,200} proviene da) .{1,80}$"),
    _glued("read more", "read more|read the full|read full|reading|full story|click here|learn more|see more|find out more|view article|weiterlesen|mehr lesen|la suite|lire plus|savoir plus|leer más|leyendo|leggi tutto|leia mais|lees verder|lees meer|читать далее|подробнее", rf"(?:{_G}|\s+|(?<=\.\.\.)|(?<=…))\W{{0,2}}(?:read more|read the full (?:story|article)|read full (?:story|article)|continue reading|full story|click here(?: to (?:read|continue)[^.]{{0,40}}| for more[^.]{{0,40}})?|learn more|see more|find out more|keep reading|view article|weiterlesen|mehr lesen|lire la suite|lire plus|en savoir plus|leer más|seguir leyendo|sigue leyendo|leggi tutto|leia mais|lees verder|lees meer|читать далее|подробнее)(?: here| on [\w .]{{1,40}}| at [\w .]{{1,40}})?[\s.…»›→>\])]*$"),
    _glued("read more", "read more|reading|related|also read|see also|lesen sie auch|lire aussi|lea también", r"(?<=[.!?\"')…])\s*(?:read more|continue reading|related|also read|see also|lesen sie auch|lire aussi|lea también)\s*(?::|\.\.\.)\s?[^.!?]{3,150}$"),
    _glued("read more", "→|&rarr;|»|...|…|[more|(more", r"\s*(?:continue reading .{3,160} (?:→|&rarr;|»)|\[\s?(?:\.\.\.|…|more)\s?\]|\(more(?:\.\.\.|…)?\)|\(\.\.\.\)|→|»)\s*$"),
    _glued("follow us", "follow ", r"(?<=[.!?\"')])\s*follow (?:us|@?\w+(?: \w+)?) on (?:twitter|facebook|x|instagram)[^.]{0,60}\.?$"),
    _glued("newsletter", "sign up|subscribe", r"(?<=[.!?\"')])\s*(?:sign up|subscribe) (?:for|to) (?:our|the) [^.]{0,80}(?:newsletters?|emails?|alerts)[^.]{0,40}\.?$"),
    _glued("copyright", "©|copyright|(c)|rights reserved", r"(?<=[.!?\"')])\s*(?:\(?©|copyright ©?|\(c\)) ?\d{4}[^.]{0,80}\.?(?: all rights reserved\.?)?$|(?<=[.!?\"')])\s*all rights reserved\.?$"),
    _glued("copyright", "by ", r"(?<=[.!?\"')])\s*\((?:additional )?(?:reporting|writing|editing|compiled) (?:and \w+ )?by [^()]{3,250}\)\s*$|(?<=[.!?\"')])\s*(?:reporting|writing) by [A-Z][^.]{3,120}; ?(?:editing|writing|additional)[^.]{3,120}\.?$"),
    _glued("photo credit", "photo|image|picture|file|credit|foto|bild|crédit", r"(?<=[.!?\"')])\s*\((?:photo|image|picture|file|ap photo|credit|foto|bild|crédit)s?\b[^()]{0,100}\)$|(?<=[.!?\"')])\s*(?:photo(?:graph)?|image|picture|foto|bild)(?: credit)?:\s?[^.!?]{2,60}$"),
    _glued("share bar", "share|facebook|twitter|whatsapp|linkedin|email|print|tweet|pin it", r"(?<=[.!?\"')])\s*(?:share (?:this|on)\b.{0,40}|(?:facebook|twitter|whatsapp|linkedin|email|print|share|tweet|pin it)(?:[ |/]*(?:facebook|twitter|whatsapp|linkedin|email|print|share|tweet|pinterest|reddit))+)\W*$"),
)  # fmt: skip


_TELLTALES = (
    "cookie|newsletter|subscri|sign up|inbox|email|e-mail|rights|copyright|©|(c)|photo|image|picture|http|www|@|click|read |"
    "continu|more |visit|appeared|published|proviene|entrada|beitrag|privacy|device|consent|contribut|reporting|editing|"
    "editor|correct|clarif|disclaim|journalis|contact|feedback|question|donat|support|download|app |follow |share |comment|"
    "browser|javascript|getty|shutterstock|alamy|credit|caption|courtesy|file |material|watch|listen|abonn|suscr|foto|bild|"
    "rechte|droits|derechos|lire|lesen|lea |leer|lees|related|also |see |loading|advert|anzeige|tag:|tags:|filed|topics|"
    "categor|log in|login|register|check|refresh|free |source|quelle|fuente|partag|compart|teilen|kommentar|inscri|"
    "recevez|newsroom|tip|terms|twitter|facebook|report|by "
).split("|")


def may_be_boilerplate(line: str) -> bool:
    """Whether a long line holds one of the words without which no rule for long lines fits; much quicker."""
    lower = line.lower()
    return any(word in lower for word in _TELLTALES)
