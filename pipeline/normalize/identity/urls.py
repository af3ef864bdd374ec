"""One URL for one article: tracking, AMP and mobile forms taken off."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from pipeline.domains import is_public_suffix, registrable_domain

_TRACKING = re.compile(
    r"^(?:utm_.*|at_.*|ns_.*|mc_.*|_ga|_gl|_hs.*|hs.*|mkt_tok|fb.*clid|.*clid|fb_.*|igsh(?:id)?|"
    r"gaa?_.*|ocid|cmp|"
    r"cmpid|c?mp?id_src|ito|ico|smid|smtyp|smprod|emc|partner|rss|rssfeed|feed|feedtype|feedname|"
    r"ftag|ftcamp|mod|"
    r"xtor|wt[._]?.*mc.*|wtmc|sh|taid|tpcc|traffic_source|trk.*|ref|refsrc|ref_.*|referrer|"
    r"referer|source|src|"
    r"cid_source|campaign.*|sr_share|share.*|shared|socialnetwork|soc_.*|spm|guccounter|guce_.*|"
    r"yptr|ncid|icid|"
    r"intcid|int_.*|cmp_.*|s_cid|sref|__twitter_impression|twitter_impression|amp|outputtype|output|view_as|"
    r"via|via_.*|pk_.*|piwik_.*|matomo_.*|hootpostid|wprov|sessionid|jsessionid|phpsessid|rnd|"
    r"rand|cachebuster|"
    r"__source|_lrsc|dclid|vero_.*|oly_.*|ml_subscriber.*|nr_email_referer|print|printable|from_rss|isrss|"
    r"maca|reflink|leadsource|chan|feedref|seg|te|nl|campaign_id|instance_id|segment_id|user_id|regi_id|"
    r"redirected.*|gift|unlocked_article_code|st|embedded-checkout|reposted)$",
    re.IGNORECASE,
)
# Names that identify an article on some sites: dropped only with a value that is known from tracking.
_DOUBTFUL = re.compile(
    r"^(?:source|src|feed|output|view_as|print|ref|st|te|nl|seg|mod|chan|sh|via|rss|amp|campaign|"
    r"user_id|hs.*|"
    r"from|partner|reflink)$",
    re.IGNORECASE,
)
_TRACKING_VALUE = re.compile(
    r"^(?:|rss.*|.*feed.*|atom|twitter|facebook|fb|tw|linkedin|reddit|whatsapp|email|e-?mail|newsletter.*|"
    r"social.*|share.*|amp|true|false|0|1|y|yes|home.*|topnews|news|search|google.*|bing|yahoo|apple.*|"
    r".*_share|.*link|djem.*|hp_.*|e2.*|tp.*|nav.*|section.*|trending.*|related.*|more.*|recirc.*)$",
    re.IGNORECASE,
)
_MOBILE_LABELS = frozenset({"m", "mobile", "amp", "mobi", "wap", "touch"})
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?|jsp)$", re.IGNORECASE)
_AMP_PATH = re.compile(r"(?:/amp|\.amp)(?=(?:\.html?)?/?$)", re.IGNORECASE)
_HOST = re.compile(r"^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9-]{1,63}$")
_SCHEMELESS = re.compile(r"^(?:[\w-]+\.)+[a-zA-Z]{2,24}(?:[:/?#]|$)")
_FILE_NAME = re.compile(r"^[^/?#]+\.(?:txt|html?|jsonl?|gz|xml|warc|md)$", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x20\x7f\u00a0\u200b\ufeff\ud800-\udfff]")
_ARTICLE_CHARS = 8  # how much longer than its section's an article's path must be
_SAFE_PATH = "/:@!$&'()*+,;=~-._"
# Names whose value is never an article's number; under other tracking names, a number stays.
_NEVER_NUMBERS = re.compile(
    r"^(?:utm_.*|.*clid|mc_.*|_g[al]|_hs.*|mkt_tok|igsh(?:id)?|pk_.*|piwik_.*|matomo_.*|hootpostid|xtor|"
    r"guce_.*|guccounter|__source|_lrsc|vero_.*|oly_.*|nr_email_referer|sessionid|jsessionid|phpsessid|"
    r"rnd|rand|cachebuster|wt[._]?.*mc.*|yptr|wprov|st|user_id|regi_id|rss.*|feed.*)$",
    re.IGNORECASE,
)
_NUMBER_VALUE = re.compile(r"^\d{3,}$")
# Fragments that name a place on a page, not an item of it.
_PAGE_PLACES = frozenset(
    {"top", "main", "content", "comments", "comment", "respond", "disqus_thread", "more", "footer", "header"}
)
_ITEM_PLACE = re.compile(r"^[\w.~-]{1,100}$")


def canonical_url(url: str) -> str:
    """The one form of an article's web address; "" for what is not one.

    Scheme https, host in lower case without port, user and mobile or AMP label; path with its dots
    resolved, its escapes in one form and no trailing slash; query sorted and without tracking; a fragment
    only where it may name an item of the page, as live blogs and release notes have them.

    Args:
        url: As a feed or page wrote it.

    Returns:
        A URL that this function maps to itself, or "".

    >>> canonical_url("HTTP://M.Example.com:80/a/b/?utm_source=rss&id=3#top")
    'https://example.com/a/b?id=3'
    """
    for _ in range(4):  # a form may uncover another, e.g. an AMP cache address
        simpler = _canonical(url)
        if simpler == url:
            return simpler
        url = simpler
    return url if _canonical(url) == url else ""


def _canonical(url: str) -> str:
    text = _CONTROL.sub("", url.replace("\\", "/"))
    if text.startswith("//"):
        text = "https:" + text
    elif "://" not in text[:12] and _SCHEMELESS.match(text) and not _FILE_NAME.match(text):
        text = "https://" + text
    try:
        parts = urlsplit(text)
        host = _host(parts.hostname or "")
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme.lower() not in {"http", "https"} or not host:
        return ""
    inner = _wrapped(host, parts.path, parts.query)
    if inner:
        return inner
    netloc = host if port in {None, 80, 443} else f"{host}:{port}"
    query = _query(parts.query)
    path = _path(parts.path)
    if not query:
        path = _INDEX.sub("", path) or "/"
    fragment = _fragment(unquote(parts.fragment))
    return urlunsplit(("https", netloc, path, query, quote(fragment, safe=_SAFE_PATH)))


def _fragment(fragment: str) -> str:
    """The fragment where it names an item or, after "#!", a page; "" for places, states and tracking."""
    if fragment.startswith("!"):
        return fragment if len(fragment) > 2 else ""
    names = _ITEM_PLACE.match(fragment) and fragment.casefold() not in _PAGE_PLACES
    return fragment if names else ""


def _host(host: str) -> str:
    host = host.rstrip(".").lower()
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    if not _HOST.match(host):
        return ""
    labels = host.split(".")
    while len(labels) > 2 and labels[0] in _MOBILE_LABELS and not is_public_suffix(".".join(labels[1:])):
        labels = labels[1:]
    if len(labels) > 3 and labels[1] == "m":  # en.m.wikipedia.org
        labels = labels[:1] + labels[2:]
    return ".".join(labels)


def _wrapped(host: str, path: str, query: str) -> str:
    """The address inside that of an AMP cache or a redirector, or ""."""
    found = None
    if host.endswith(".cdn.ampproject.org"):
        found = re.match(r"^/(?:[a-z]/)(?:s/)?(.+)$", path)
    elif re.match(r"^(?:www\.)?google\.[a-z.]{2,6}$", host):
        found = re.match(r"^/amp/(?:s/)?(.+)$", path)
    if found:
        return "https://" + found[1] + (f"?{query}" if query else "")
    if path in {"/url", "/l.php", "/redirect"}:
        for name, value in parse_qsl(query):
            if name in {"url", "q", "u"} and value.startswith(("http://", "https://")):
                return value
    return ""


def _path(path: str) -> str:
    path = re.sub(r"/{2,}", "/", path or "/")
    path = re.sub(r";jsessionid=[^/?]*", "", path, flags=re.IGNORECASE)
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if len(segments) > 1:
                segments.pop()
        elif segment != ".":
            segments.append(segment)
    path = "/".join(segments)
    path = _quoted(path, _SAFE_PATH)
    previous = None
    while previous != path:
        previous = path
        path = _AMP_PATH.sub("", path).rstrip("/")
    return path if path.startswith("/") else "/" + path


def _quoted(text: str, safe: str) -> str:
    """Percent escapes in one form: decoded where that changes nothing, in capitals elsewhere."""
    pieces = re.split(r"(%[0-9A-Fa-f]{2})", text)
    unreserved = re.compile(r"[A-Za-z0-9._~-]")
    for position, piece in enumerate(pieces):
        if position % 2:
            char = chr(int(piece[1:], 16))
            pieces[position] = char if unreserved.match(char) else piece.upper()
        else:
            pieces[position] = quote(piece, safe=safe, errors="replace")
    return "".join(pieces)


def _query(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True, errors="replace", max_num_fields=200) if query else []
    kept = [(name, value) for name, value in pairs if name and not _tracks(name, value)]
    return urlencode(sorted(set(kept)), safe=":@!$'()*,;~-._/", errors="replace")


def _tracks(name: str, value: str) -> bool:
    if _DOUBTFUL.match(name):
        return _TRACKING_VALUE.match(value) is not None
    if _NUMBER_VALUE.match(value) and not _NEVER_NUMBERS.match(name):
        return False
    return _TRACKING.match(name) is not None


def host_of(url: str) -> str:
    """The host of a canonical URL without "www.", or ""."""
    return (urlsplit(url).hostname or "").removeprefix("www.") if url else ""


def is_front_page(url: str) -> bool:
    """Whether a canonical URL names a site rather than an article."""
    parts = urlsplit(url)
    return parts.path in {"", "/"} and not parts.query and not parts.fragment


def credible_canonical(claimed: str, url: str) -> str:
    """What a page claims as rel=canonical, where it can be believed, else its own URL.

    Believed are addresses of the same registrable domain that name an article; front pages, sections that
    the URL itself lies in, other sites (a reprint that names its origin), and addresses that have lost the
    number which tells the page from its neighbours are not.

    Args:
        claimed: As the page wrote it, or "".
        url: The canonical form of the page's own URL, or "".
    """
    canonical = canonical_url(claimed) if claimed.startswith(("http://", "https://", "//")) else ""
    if not canonical or is_front_page(canonical):
        return url
    if not url:
        return canonical
    if registrable_domain(host_of(canonical)) != registrable_domain(host_of(url)):
        return url
    own, other = urlsplit(url), urlsplit(canonical)
    numbers = {value for _, value in parse_qsl(own.query) if any(char.isdigit() for char in value)}
    loses_number = any(value not in canonical for value in numbers)
    loses_query = own.query and not other.query and own.path == other.path != "/"
    is_section = own.path.startswith(other.path + "/") and len(other.path) < len(own.path) - _ARTICLE_CHARS
    if loses_number or loses_query or (is_section and not other.query):
        return url
    return canonical
