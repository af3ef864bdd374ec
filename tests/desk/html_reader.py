"""Reads a page as a browser's parser would see its parts: elements, ids, labels, links, texts."""

from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "img", "hr", "rect", "path"}


class PageReader(HTMLParser):
    """What a page is made of."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.text, self._open = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, text):
        self.text.append(text)

    @property
    def unclosed(self):
        return self._open

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def words(self):
        return " ".join("".join(self.text).split())

    def problems(self):
        """What no page may have."""
        ids = [a["id"] for _, a in self.elements if a.get("id")]
        labelled = {a.get("for") for a in self.all("label")}
        found = [f"id {name} twice" for name in set(ids) if ids.count(name) > 1]
        found += [] if len(self.all("h1")) == 1 else [f"{len(self.all('h1'))} h1"]
        found += ["not closed: " + " ".join(self.unclosed)] if self.unclosed else []
        found += [f"style on {tag}" for tag, a in self.elements if "style" in a or tag == "style"]
        found += [f"{name} on {tag}" for tag, a in self.elements for name in a if name.startswith("on")]
        found += ["inline script" for a in self.all("script") if "src" not in a]
        found += [
            f"link to {a['href'][:60]}"
            for a in self.all("a")
            if "href" in a and not a["href"].startswith(("/", "http://", "https://", "#"))
        ]
        found += [f"field {a.get('name')} has no label" for a in self._bare_fields(labelled)]
        return found

    def _bare_fields(self, labelled):
        depth = 0
        for tag, attributes in self._walk():
            if tag == "label":
                depth += attributes
            elif depth == 0 and attributes.get("type") != "hidden" and attributes.get("id") not in labelled:
                yield attributes

    def _walk(self):
        """Fields, and where labels begin and end."""
        return iter(self._fields)

    def feed(self, text):
        self._fields = []
        super().feed(text)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)

    def parse_starttag(self, i):
        end = super().parse_starttag(i)
        text = self.rawdata[i:end]
        name = text[1:].split(None, 1)[0].rstrip(">/").lower() if end > i else ""
        if name == "label":
            self._fields.append(("label", 1))
        elif name in {"input", "select", "textarea"} and self.elements:
            self._fields.append((name, self.elements[-1][1]))
        return end

    def parse_endtag(self, i):
        if self.rawdata[i : i + 7].lower() == "</label":
            self._fields.append(("label", -1))
        return super().parse_endtag(i)
