"""Captions and credits of pictures, as lines of their own."""

from __future__ import annotations

from pipeline.normalize.boilerplate.rules import LineRule, rule

PICTURE_RULES: tuple[LineRule, ...] = (
    rule(
        "photo credit",
        r"(?:file |handout |stock |archive |cover |header |featured |main |lead |hero "
        r")?(?:photos?|images?|pictures?|photographs?|pics?|photo ?/ ?video|illustrations?|"
        r"graphics?|videos?|screen ?grabs?|screenshots?)(?: (?:credits?|courtesy(?: of)?|by|from|"
        r"source|copyright|caption|via|taken by|provided by|supplied by|used|used for "
        r".{1,40}))?\s*[:/©-]\s?.{1,300}",
        r"(?:photos?|images?|pictures?|photographs?|illustrations?|video|graphics?) (?:credits?|"
        r"courtesy(?: of)?|by|source,|copyright|caption,|provided by|supplied by|supplied|via)\b "
        r"?.{0,200}",
        r"(?:image|media|photo|picture|video) (?:caption|source),?.{0,300}",
        r"(?:credits?|photographer|courtesy|pic|caption|figure|copyright)\s*:\s?.{1,160}",
        r"(?:reuters|ap|afp|epa|dpa|efe|ansa|tass|pa|ap photo|afp photo|upi|anp|imago|pool)(?: "
        r"photo)?\s?/\s?[A-ZÀ-Þ][\w.'’-]+(?: [A-ZÀ-Þ][\w.'’-]*){0,3}(?:/.{1,40})?",
        r"file(?: photo| pic| image)?\s?[:–-]\s?.{1,260}",
        r"\(?(?:photo|image|pic|file|ap photo|credit|foto|bild|crédit|picture)s?\b[^()]{0,120}\)",
        r"©\s?.{1,120}",
        r"(?:fotos?|bild(?:er|quelle|nachweis|rechte)?|symbolbild|archivbild|archivfoto|grafik|"
        r"quelle|symbolfoto|imagen|fotografía|crédito|créditos|archivo|fuente|crédits?(?: photo)?|"
        r"légende|source|illustration|image d'illustration|photo d'illustration|imagem|crediti|"
        r"fonte|beeld)\s?[:/©]\s?.{1,200}",
        r"(?:foto|photo|bild)\s[©(].{1,120}",
        r"(?:enlarge|zoom|view|open) (?:this |the )?(?:image|gallery|photo|in new tab).{0,60}",
        r"(?:hide|toggle|show) caption",
        r"\d+ (?:of|/|von|sur|de) \d+(?: photos?| images?)?",
        r"(?:slide|photo|image|gallery|bild|foto) \d+ (?:of|/|von|sur|de) \d+.{0,80}",
        r"bild in originalgröße.{0,40}",
        r"\[?image(?: \d+)?\]?",
    ),
    # Agencies and archives anywhere in a line; looking for their words first is ten times as quick.
    rule(
        "photo credit",
        r".{0,80}(?:getty images?|shutterstock|istock(?:photo)?|alamy|unsplash|imago images?|"
        r"picture[- ]alliance|afp via getty|wireimage|rex features|epa-efe|reuters/[A-Z]\w+ \w+|"
        r"ap photo|ap images|pixabay|depositphotos|dreamstime|pexels|europa press via|corbis|"
        r"flickr|creative commons|wikimedia commons|sipa usa|zuma(?: press| wire)?|nurphoto|adobe "
        r"stock|afp/archivos?)\b.{0,60}",
        words=(
            *("getty", "stock", "alamy", "unsplash", "imago", "picture", "wireimage", "rex features"),
            *("epa-efe", "reuters/", "ap photo", "ap images", "pixabay", "depositphotos", "dreamstime"),
            *("pexels", "europa press", "corbis", "flickr", "creative commons", "wikimedia", "sipa usa"),
            *("zuma", "nurphoto", "afp/archivo"),
        ),
    ),
)
