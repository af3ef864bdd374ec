"""What boilerplate looks like, in English, German, French, Spanish and some of Italian, Portuguese and Dutch.

Each rule is a name and a pattern for a whole line; patterns are linear in the line.
"""

from __future__ import annotations

from pipeline.normalize.boilerplate.captions import PICTURE_RULES
from pipeline.normalize.boilerplate.rules import LineRule, rule

RULES: tuple[LineRule, ...] = (
    rule(
        "comments",
        r"(?:leave|post|add|write) (?:a |your )?(?:comment|reply|response)s?(?: below| on this story| here)?",
        r"leave a reply(?: cancel reply)?",
        r"cancel reply",
        r"(?:\d+ |no |show |view |see |read |hide |load |all |join |post |add )*comments?(?: \d+| "
        r"\(\d+\)| off| on .{1,80})?",
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
    rule(
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
    rule(
        "cookie notice",
        r"(?:we|this (?:site|website|page)|our (?:site|website|partners)|the "
        r"site)\b.{0,60}\buses? .{0,40}cookies?\b.{0,400}",
        r"(?:we|we and our (?:\d+ )?partners)\b.{0,80}\b(?:store|access|"
        r"process)\b.{0,80}\b(?:cookies?|device|personal data)\b.{0,300}",
        r"by (?:continuing|using|clicking|closing|browsing|accessing|visiting|"
        r"scrolling)\b.{0,160}\b(?:cookies?|privacy policy|terms (?:of|and)|consent)\b.{0,200}",
        r"(?:accept|reject|allow|manage|decline|customi[sz]e)(?: all| optional| necessary| "
        r"essential| my)? ?(?:cookies?|preferences|settings)?(?: and (?:close|continue|"
        r"proceed))?(?: cookies)?",
        r"(?:cookie|privacy) (?:policy|settings|notice|preferences|consent|banner|statement).{0,60}",
        r"your (?:privacy|cookie) (?:choices|settings|preferences|options).{0,60}",
        r"we (?:value|care about|respect) your privacy.{0,300}",
        r"to (?:view|see|watch|read|display) this (?:content|video|post|article|"
        r"embed).{0,60}\b(?:cookies?|consent|javascript)\b.{0,100}",
        r"(?:wir|diese (?:website|webseite|seite)|unsere (?:website|webseite|seite|"
        r"partner))\b.{0,80}\b(?:verwende[nt]|nutz(?:en|t)|setz(?:en|t)|benutz(?:en|"
        r"t))\b.{0,60}\bcookies?\b.{0,300}",
        r"(?:alle )?cookies? (?:akzeptieren|ablehnen|zulassen|einstellungen)",
        r"(?:alle akzeptieren|zustimmen(?: und weiter)?|einstellungen verwalten)",
        r"mit (?:der|ihrer) (?:weiteren )?nutzung.{0,120}cookies?.{0,160}",
        r"(?:nous|ce site|notre site|nos partenaires)\b.{0,80}\b(?:utilis(?:e|ons|ent)|dépos(?:e|"
        r"ons|ent))\b.{0,60}\b(?:cookies?|traceurs)\b.{0,300}",
        r"en (?:poursuivant|continuant|cliquant)\b.{0,160}\b(?:cookies?|conditions|"
        r"confidentialité)\b.{0,200}",
        r"(?:tout )?(?:accepter|refuser)(?: (?:et (?:fermer|continuer)|tout|les cookies|tous les "
        r"cookies))?|gérer (?:mes|les) (?:cookies|préférences).{0,30}",
        r"(?:este (?:sitio|portal)|esta (?:web|página)|utilizamos|usamos|nuestro sitio|"
        r"nosotros)\b.{0,80}\bcookies?\b.{0,300}",
        r"(?:si (?:continúa|sigue|continúas)|al (?:continuar|navegar|usar))\b.{0,160}\bcookies?\b.{0,200}",
        r"(?:aceptar|rechazar)(?: todas?| todo)?(?: las cookies| y continuar| y cerrar)?",
        r"(?:questo sito|utilizziamo|este site|utilizamos|wij gebruiken|deze (?:site|"
        r"website))\b.{0,60}\bcookies?\b.{0,300}",
    ),
    rule(
        "newsletter",
        r"(?:sign|signed) ?up (?:for|to|here|now|today|and get|below).{0,260}",
        r"(?:please )?subscribe(?: (?:now|today|here|to|for|and|free|with)\b.{0,220})?",
        r"subscribers? only.{0,60}",
        r"get (?:the |our |all the |your |more |daily |breaking )?(?:latest|daily|top|best|"
        r"breaking|biggest|morning|weekly|free|news|stories|newsletter|email)\b.{0,200}\b(?:inbox|"
        r"newsletters?|e-?mail|delivered|alerts?|every (?:morning|day|week)|sign up)\b.{0,120}",
        r"(?:delivered|straight|directly|sent)\b.{0,30}\bto your inbox.{0,60}",
        r"(?:enter|your) (?:your )?e-?mail(?: address)?(?: here| below)?",
        r"(?:our|the) (?:free )?(?:daily |weekly |morning )?(?:newsletter|"
        r"e-?mail)s?\b.{0,120}\b(?:inbox|sign|subscribe|delivers?)\b.{0,80}",
        r"(?:this (?:article|story|piece|item|column)|it) (?:first |originally )?(?:appeared|"
        r"appears|was (?:first )?(?:published|sent)) in .{0,80}newsletter.{0,120}",
        r"(?:want|like|love|enjoy(?:ing)?|never miss)\b.{0,80}\b(?:sign up|subscribe|newsletter|"
        r"inbox)\b.{0,120}",
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
        r"(?:melden sie sich|abonnieren sie|bestellen sie|registrieren sie sich|jetzt kostenlos|"
        r"verpassen sie).{0,200}",
        r"(?:unser|der|den|mit dem|mit unserem)\b.{0,40}newsletter.{0,160}\b(?:abonnieren|"
        r"anmelden|informiert|postfach|erhalten)\b.{0,100}",
        r"(?:inscrivez-vous|abonnez-vous|recevez|je m'(?:abonne|inscris)|s'abonner|s'inscrire)\b.{0,200}",
        r"(?:suscríbe?(?:te|ase)|suscribirse|suscríbete|apúntate|recibe|reciba|regístrate|"
        r"regístrese)\b.{0,200}",
        r"(?:iscriviti|abbonati|inscreva-se|assine|receba|meld je aan|schrijf je in|abonneer)\b.{0,160}",
    ),
    rule(
        "read more",
        r"(?:read|see|find out|learn|know|discover|hear|view) (?:more|full|the full|the rest|it|"
        r"all|next|on|now|also)(?: (?:story|article|report|text|here|about|at|on|from|of|in|"
        r"stories|news|coverage|details|statement)\b.{0,160})?",
        r"(?:read|see|watch|read more|more|also read|read also|also see|also watch|related|must "
        r"read|read next|up next|recommended|don'?t miss|further reading|see also|also|in case "
        r"you missed it|icymi|from the archive|in pictures|top story|trending|explainer|watch now|"
        r"editor'?s picks?)\s*[:>|»-]\s?.{0,200}",
        r"(?:also read|read also|see also|watch also|also watch|read this|read next|up next|watch "
        r"next)\b.{0,160}",
        r"(?:related|more|recommended|popular|most read|most popular|trending|top|latest|other|"
        r"similar|further|suggested|featured|don't miss|you may(?: also)?|you might(?: also)?|"
        r"recent)(?: (?:stories|articles|news|posts|content|topics|coverage|reading|links|"
        r"headlines|items|videos|now|like|also like|for you|from .{1,60}|on .{1,60}|in .{1,40}|"
        r"about this story|about .{1,40}))+",
        r"continue(?: (?:reading|to (?:the )?(?:article|site|full)|the story|below))?.{0,140}",
        r"(?:click|tap|press) (?:here|on|to|the|this|below)\b.{0,160}",
        r"(?:for )?more (?:on|from|about|information|details|stories|at|here)\b.{0,120}",
        r"(?:for|find) (?:the )?(?:full|complete|more|latest|all)\b.{0,60}\b(?:visit|click|go to|"
        r"see|read|follow)\b.{0,120}",
        r"(?:full|original|source|complete) (?:story|article|text|report|post|version|link|"
        r"announcement)(?: .{0,60})?",
        r"(?:view|see|read) (?:the )?(?:original|full|entire|complete) .{0,60}",
        r"source(?: article| link)?\s*:\s*(?:https?://|www\.)?\S{0,120}",
        r"via\s*:?\s*\S+\.\S{2,60}",
        r"https?://\S{1,300}",
        r"more to (?:follow|come)",
        r"this is a (?:developing|breaking) (?:news )?story.{0,160}",
        r"(?:please )?(?:check|refresh|come) (?:back|this page).{0,80}(?:updates?|details|more).{0,60}",
        r"(?:story|article) (?:continues|continued) (?:below|after).{0,60}",
        r"(?:mehr|weiter)(?:lesen|e informationen|e artikel| lesen|e nachrichten)?(?: "
        r".{0,10}(?:zum thema|dazu|hier|bei|auf|aus|im|über|von)\b.{0,120})?",
        r"(?:lesen sie|lies|hören sie|sehen sie|schauen sie)(?: hier| dazu)? (?:auch|mehr|weiter|"
        r"hier|den|die|dazu)\b.{0,160}",
        r"(?:auch interessant|das könnte sie(?: auch)? interessieren|zum thema|zum artikel|zur "
        r"startseite|passend dazu|siehe auch|lesetipp|lesetipps|themen|ähnliche artikel|verwandte "
        r"(?:artikel|themen)|meistgelesen|hier geht es)\b.{0,140}",
        r"(?:à )?lire (?:aussi|également|plus|la suite|l'article)\b.{0,160}",
        r"(?:voir|en savoir|à voir|à lire|lisez|écoutez|regardez|sur le même (?:sujet|thème)|pour "
        r"aller plus loin|notre (?:dossier|sélection))\b(?: (?:aussi|plus|également|la suite)| "
        r"?:).{0,160}",
        r"(?:sur le même (?:sujet|thème)|pour aller plus loin|les plus lus|articles? (?:liés?|"
        r"associés?|similaires))\b.{0,60}",
        r"(?:lea|lee|leer|ver|vea|mira|mire|te puede|le puede|quizás?|también|seguir|sigue)\b "
        r"(?:también|más|además|interesar|leyendo|la nota|el artículo|la noticia|te interese|lea|"
        r"le interese).{0,160}",
        r"(?:más información|más noticias|noticias relacionadas|artículos relacionados|lo más "
        r"leído|contenido relacionado|relacionado|recomendado|te recomendamos)\b.{0,140}",
        r"(?:leggi|guarda) (?:anche|tutto|di più|l'articolo)\b.{0,140}",
        r"(?:leia|veja|saiba|confira) (?:também|mais)\b.{0,140}",
        r"lees (?:ook|meer|verder)\b.{0,140}",
        r"(?:читайте|смотрите) также\b.{0,160}",
        r"подробнее.{0,60}",
        r"(?:visit|go to|log on to|check out) (?:our |the )?(?:website|site|page|homepage|"
        r"www\.\S+|https?://\S+)\b.{0,120}",
        r"(?:next|previous)(?: (?:article|story|post|page|up))?(?:\s*[:>»«<]\s?.{0,120})?",
        r"back to (?:top|home|homepage|article|the top)",
        r"(?:show|see|load|view|hide|expand) (?:more|less|all|full).{0,40}",
    ),
    rule(
        "wordpress footer",
        r"the post .{1,300} (?:first )?appeared(?: first)? on .{1,100}",
        r"(?:this|the) (?:post|article|story|entry)\b.{0,300}\b(?:first|originally) (?:appeared|"
        r"published|posted|ran) (?:on|at|in|by) .{1,120}",
        r"(?:this|the) (?:post|article|story|piece|report) (?:was|has been|appeared|is) (?:first |"
        r"originally )?(?:published|republished|produced|provided|supplied|written|reprinted|"
        r"syndicated|from|distributed)\b.{0,160}",
        r"(?:first|originally) (?:appeared|published|posted) (?:on|at|in|by) .{1,100}",
        r"der (?:beitrag|artikel) .{1,300} erschien (?:zuerst|zunächst) (?:auf|bei) .{1,80}",
        r"(?:l'article|cet article) .{0,300}(?:est )?(?:apparu|paru|publié) en premier (?:sur|dans) .{1,80}",
        r"la entrada .{1,300} (?:se publicó primero|aparece primero|apareció primero) en .{1,80}",
        r"l'articolo .{1,300} proviene da .{1,80}",
        r"o post .{1,300} apareceu primeiro em .{1,80}",
        r"(?:het bericht|het artikel) .{1,300} verscheen eerst op .{1,80}",
    ),
    *PICTURE_RULES,
    rule(
        "copyright",
        r"(?:copyright|\(c\)|©|&copy;)\s?.{0,200}",
        r".{0,80}\ball rights reserved\b.{0,200}",
        r"(?:this|the) (?:material|content|article|story|report)\b.{0,40}\b(?:may|must|can) ?not "
        r"be\b.{0,40}\b(?:published|reproduced|copied|rewritten|redistributed|distributed|"
        r"broadcast|used)\b.{0,160}",
        r"(?:reproduction|republication|unauthori[sz]ed (?:use|reproduction))\b.{0,200}",
        r"(?:alle rechte vorbehalten|tous droits réservés|todos los derechos reservados|"
        r"reservados todos los derechos|tutti i diritti riservati|riproduzione riservata|todos os "
        r"direitos reservados|alle rechten voorbehouden)\b.{0,160}",
        r"(?:reproduction (?:interdite|strictement)|queda prohibida|prohibida (?:la|su))\b.{0,200}",
        r"(?:terms (?:of (?:use|service)|and conditions)|privacy policy)(?: (?:and|\||·) .{0,60})?",
        r"(?:with|additional) (?:reporting|files|information|material|agency inputs|"
        r"inputs)\b.{0,10}\b(?:by|from)\b.{1,120}",
        r"(?:reporting|writing|editing|compiled|translated|written|edited|produced) (?:and "
        r"(?:writing|editing|additional reporting) )?by .{1,280}",
        r"(?:reported|reporting) (?:by|from) [A-Z].{1,160}; .{1,160}",
        r"our standards: .{1,80}",
        r"(?:the )?(?:associated press|reuters|ap|afp|agencies|agence france-presse|bloomberg|"
        r"xinhua|pti|ani|ians|dpa|efe|upi) (?:contributed|and .{1,60} contributed) .{0,80}",
        r".{1,120} contributed (?:to )?(?:reporting|this (?:report|story|article)|from).{0,100}",
        r"(?:this|the) (?:story|article|report|copy|headline|text)\b.{0,80}\b(?:has|have|was|"
        r"were) (?:not )?been? ?(?:edited|corrected|updated|amended|clarified|changed|published|"
        r"auto-generated)\b.{0,260}",
        r"(?:correction|clarification|editor'?s note|note to (?:readers|editors)|disclaimer|"
        r"disclosure|publisher'?s note)\s*:.{0,500}",
        r"(?:news|agence|newswire|agency|agencies|wire) (?:service|services|reports|staff)s?",
        r"\(?with (?:agency )?inputs from .{1,80}\)?",
        r"(?:mit material (?:von|der)|mit agenturmaterial|quellen?)\b.{0,80}",
        r"\(?avec (?:l')?(?:afp|reuters|ap|agences?)\b.{0,40}\)?",
        r"\(?con información de .{1,80}\)?",
    ),
    rule(
        "advertisement",
        r"(?:advertisements?|advert|ad|ads|advertising|sponsored(?: (?:content|post|by .{1,60}))?|"
        r"promoted(?: content| stories)?|paid (?:content|post|partnership)|partner content|ad "
        r"feedback|story continues(?: below)?.{0,60}|article continues.{0,60}|continue reading "
        r"(?:below|after).{0,60}|loading(?:\.\.\.)?|scroll (?:down )?(?:to|for).{0,60}|skip (?:to "
        r"(?:main )?content|ad(?:vert(?:isement)?)?|navigation|past newsletter.{0,40}|in \d+)|"
        r"remove ads?.{0,60}|report (?:this )?ad|close(?: ad| this)?|ad loading.{0,10})",
        r"(?:anzeige|werbung|gesponsert|advertorial|publicité|la suite après (?:cette|la) "
        r"publicité|publicidad|patrocinado|pubblicità|publicidade|continua después de la "
        r"publicidad|advertentie|lea? la suite après.{0,40}|реклама)",
    ),
    rule(
        "player",
        r"(?:watch|listen)(?: (?:now|live|again|here|below|above|more|video|the (?:video|full|"
        r"moment|clip|latest).{0,120}|this.{0,60}|to (?:this|the|our|more|article|story|podcast|"
        r"audio|full).{0,120}|live:.{0,100}|:.{0,160}))?",
        r"(?:video|audio|live|media)(?: player| playback| is loading| loading| caption| "
        r"unavailable| is unavailable| not supported| available| stream)?(?: is loading| loading)?",
        r"(?:your|this) browser (?:does not|doesn'?t|is not|isn'?t)\b.{0,160}",
        r"(?:please )?(?:enable|turn on|activate|allow) javascript.{0,160}",
        r"javascript (?:is|must|needs).{0,120}",
        r"(?:click|press|tap|hit) (?:to |the )?play.{0,80}",
        r"(?:play|pause|mute|unmute|full ?screen|replay|rewind|settings|stop|autoplay)(?: video| "
        r"audio| all| now)?",
        r"(?:this )?(?:video|audio|content|media|file) (?:is )?(?:can ?not|could not|not|isn'?t|"
        r"un)\s?(?:be )?(?:played|available|loaded|supported|found).{0,100}",
        r"\d{1,2}:\d{2}(?: ?/ ?\d{1,2}:\d{2})?",
        r"(?:estimated |average )?(?:read(?:ing)?|listen(?:ing)?) time:? .{1,30}",
        r"\d+ ?(?:-| )?(?:min(?:ute)?s?)(?: (?:to )?(?:read|listen|watch))?",
        r"(?:lesezeit|lesedauer|temps de lecture|tiempo de lectura|durée de lecture|tempo di "
        r"lettura)\b.{1,30}",
        r"(?:this article is|listen to|audio) .{0,30}(?:more than|minutes?|min)\b.{0,40}",
        r"article audio.{0,60}",
        r"(?:text size|font size|aa|a\+|a-)(?: .{0,20})?",
        r"(?:artikel|beitrag) (?:anhören|vorlesen).{0,40}",
        r"écouter l'article.{0,40}",
        r"escuchar (?:el artículo|la noticia).{0,40}",
    ),
    rule(
        "follow us",
        r"(?:please )?(?:follow|like|find|join|connect with|add) (?:us|me|our|the author|@\w+|"
        r"[A-Z][\w .'-]{1,40}? (?:on|at|@))\b.{0,160}",
        r"(?:follow|like) .{1,60} (?:on|at) (?:twitter|x|facebook|instagram|linkedin|threads|"
        r"whatsapp|telegram|youtube|tiktok|bluesky|mastodon|google news)\b.{0,100}",
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
    rule(
        "appeal",
        r"(?:support|donate to|help fund|fund|become a|make a) (?:our |independent |quality |"
        r"local |us |a )?.{0,40}\b(?:journalism|member|supporter|donation|contribution|patron|"
        r"today)\b.{0,260}",
        r"(?:already|not (?:yet )?|existing) (?:a |an )?(?:subscribers?|members?|registered)\b.{0,100}",
        r"(?:log|sign) ?in(?: (?:or (?:register|subscribe|sign up)|to (?:continue|read|your "
        r"account|access|view))\b.{0,80}| here| now)?",
        r"register(?: (?:now|free|for free|to (?:continue|read|access)|here)\b.{0,80})?",
        r"(?:this|the) (?:article|content|story|page) is (?:for|available (?:only )?to|reserved "
        r"for|exclusive to|restricted to|locked|premium).{0,120}",
        r"(?:to (?:continue|keep) reading|continue reading with|unlock|start your|try .{0,30} "
        r"free|only \$?€?£?\d|you have (?:reached|read|\d+ free)|you've (?:reached|read)|free "
        r"trial|cancel any ?time|enjoy unlimited|unlimited (?:digital )?access|subscriber "
        r"exclusive).{0,200}",
        r"(?:have|got) (?:a |any |more |information |an )?(?:story|tip|tips|news|question|"
        r"questions|comment|feedback|idea|suggestion)s?\b.{0,40}\b(?:\?|email|contact|write|send|"
        r"tell|let us|share|get in touch|message)\b.{0,220}",
        r"(?:email|contact|e-mail|reach|write to|send (?:tips|news|an e-?mail)|call) (?:us|the "
        r"(?:author|writer|reporter|newsroom|editor)|him|her|[A-Z][\w.'-]+(?: [A-Z][\w.'-]+){0,2}|"
        r"\S+@\S+|your)\b.{0,10}(?:at|on|to|via|:|@)\s?.{2,160}",
        r"contact(?: us| the (?:author|editor|newsroom))?",
        r"[\w .'-]{3,60} (?:can|may) be (?:reached|contacted|followed|emailed) (?:at|on|via|by)\b.{3,120}",
        r"(?:e-?mail|contact|tel|telephone|phone|kontakt|mehr zum autor)\s*:\s?.{2,120}",
        r"\S+@\S+\.\w{2,10}",
        r"(?:was this (?:article|page|story) (?:helpful|useful|interesting).{0,60}|rate this "
        r".{0,60}|report (?:a|an) (?:typo|error|mistake|correction).{0,60}|spotted (?:a|an) "
        r"(?:typo|error|mistake).{0,80}|thanks? (?:you )?for reading.{0,120}|give feedback.{0,40})",
        r"(?:unterstützen sie|mit ihrem (?:abo|beitrag)|jetzt (?:abonnieren|testen|weiterlesen|"
        r"lesen)|sie (?:haben bereits|sind bereits)|bereits abonnent|dieser (?:artikel|inhalt) "
        r"ist|diesen artikel weiterlesen|weiterlesen mit|testen sie|probemonat).{0,160}",
        r"(?:soutenez|faites un don|cet article est réservé|article réservé|il vous reste|déjà "
        r"abonné|la suite (?:est réservée|de cet article)|profitez|contenu réservé|pour lire la "
        r"suite).{0,200}",
        r"(?:apóyanos|hazte (?:socio|miembro)|contenido (?:exclusivo|para suscriptores)|ya eres "
        r"suscriptor|inicia sesión|para seguir leyendo|sigue leyendo).{0,160}",
    ),
    rule(
        "tags",
        r"(?:tags?|tagged|filed under|file under|topics?|categor(?:y|ies)|keywords?|labels?|"
        r"posted in|in this (?:article|story)|more about|related (?:tags?|topics?)|sections?|"
        r"schlag(?:wort|worte|wörter)|themen|rubrik|stichworte|mots[- ]clés|étiquettes|thèmes?|"
        r"sujets?|rubriques?|etiquetas?|temas?|archivado en|categorías?|argomenti|"
        r"tag)\s*[:>|]\s?.{0,200}",
        r"(?:home|start(?:seite)?|accueil|inicio|portada)(?:page)?\s?[>»/|›].{1,160}",
        r"(?:posted|filed|published|archived) (?:in|under) [\w ,&/-]{1,60}",
        r"(?:you are here|breadcrumb)s?\s?:?.{0,120}",
        r"(?:main )?(?:menu|navigation|search|home|homepage|sections?|topics|startseite|menü|"
        r"suche|accueil|recherche|inicio|buscar|portada)",
        r"(?:about|meet) the (?:author|writer|reporter)s?.{0,40}",
        r"(?:over|über den autor|über die autorin|à propos de l'auteur|sobre el autor).{0,40}",
        r"#\w+(?:[ ,]+#\w+)*",
        r"(?:key (?:points|takeaways|moments)|at a glance|in brief|summary|highlights|table of "
        r"contents|contents|auf einen blick|inhaltsverzeichnis|sommaire|résumé|resumen|claves)",
    ),
)
