"""Reads a page as a person does: its words in their order, and the elements that a browser makes of it."""

from collections import Counter
from collections.abc import Sequence
from html.parser import HTMLParser

#: Elements whose text no reader sees, and elements that part no words.
UNSEEN, INLINE = ("style", "title"), ("bdi", "a")


class Page(HTMLParser):
    """A page.

    Attributes:
        text: the words, with one blank between them.
        elements: how many there are of each.
        attributes: of all elements, as (name, value).
        links: targets of links; `places`: what they may lead to.
    """

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self._parts: list[str] = []
        self._open: list[str] = []
        self.feed(body.decode())
        self.close()
        self.text = " ".join("".join(self._parts).split())
        self.links = {value for name, value in self.attributes if name == "href"}
        self.places = {f"#{value}" for name, value in self.attributes if name == "id"}

    def handle_starttag(self, tag, attrs):
        self.elements[tag] += 1
        self._part(tag)
        self.attributes += attrs
        self._open.append(tag)

    def missing(self, parts: Sequence[str]) -> list[str]:
        """Those of some parts that do not follow on the parts before."""
        place, results = 0, []
        for part in parts:
            place_of_part = self.text.find(part, place)
            if place_of_part < 0:
                results.append(part)
            else:
                place = place_of_part + len(part)
        return results

    def _part(self, tag):
        if tag not in INLINE:
            self._parts.append(" ")

    def handle_endtag(self, tag):
        self._part(tag)
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        if not set(self._open) & set(UNSEEN):
            self._parts.append(data)
