"""Links of an Atom feed: which entry hangs below which, and what a usage point is called.

Lives here      paths without their hosts; finding parents by an index; a stable id.
Lives elsewhere what to do where links name none or several (``green_button``).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence

from meterledger.kernel.canonical import sha256_hex
from meterledger.stores.gateways.espi_xml import EspiEntry

MAX_PATH_WORDS = 40
_RESOURCE = re.compile(r"(?:.*/)?resource/[^/]")
_PLAIN_ID = re.compile(r"[A-Za-z0-9._:+-]{1,64}")


def _path(href: str) -> str:
    """A link without its host and the custodian's prefix, so that absolute and relative agree."""
    path = re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/]*", "", href.strip())
    path = path.split("?", 1)[0].split("#", 1)[0].strip("/")
    return path.rpartition("resource/")[2] if _RESOURCE.match(path) else path


class Parents:
    """Entries by their links, so that a child finds its parent without trying each."""

    def __init__(self, entries: Sequence[EspiEntry]) -> None:
        self.entries = entries
        self._lines = [one.line for one in entries]
        self._by_self: dict[str, list[EspiEntry]] = defaultdict(list)
        self._by_related: dict[str, list[EspiEntry]] = defaultdict(list)
        for one in entries:
            if one.self_link:
                self._by_self[_path(one.self_link)].append(one)
            for href in one.related:
                self._by_related[_path(href)].append(one)

    def above(self, child: EspiEntry) -> list[EspiEntry]:
        """Those below which the child's links, or their own, say that it hangs."""
        own, up = _path(child.self_link), _path(child.up_link)
        found = [one for path in (own, up) if path for one in self._by_related.get(path, ())]
        for path in {*_above(own), *_above(up), *map(_path, child.related)}:
            found += self._by_self.get(path, ())
        return list({id(one): one for one in found}.values())

    def named_by(self, entry: EspiEntry) -> list[EspiEntry]:
        """Those that the entry's related links name."""
        found = [one for path in map(_path, entry.related) for one in self._by_self.get(path, ())]
        return list({id(one): one for one in found}.values())

    def last_before(self, entry: EspiEntry) -> EspiEntry | None:
        """The last that stands before the entry in the feed."""
        count = bisect_right(self._lines, entry.line)
        return self.entries[count - 1] if count else None


def _above(path: str) -> list[str]:
    """The paths of which this one is a part: ``a/b/c`` hangs below ``a/b`` and ``a``."""
    words = path.split("/")[:MAX_PATH_WORDS]
    return ["/".join(words[:count]) for count in range(1, len(words))]


def point_id(point: EspiEntry) -> str:
    """A stable id from the usage point's own link, else from its Atom id; never from its title."""
    words = _path(point.self_link).split("/")
    if "UsagePoint" in words[:-1]:
        at = words.index("UsagePoint")
        candidate = "-".join(words[max(at - 1, 0) : at] + words[at + 1 : at + 2])
    elif point.self_link:
        candidate = _path(point.self_link)
    else:
        candidate = point.atom_id.removeprefix("urn:uuid:")
    if not candidate:
        return ""
    return (
        candidate if _PLAIN_ID.fullmatch(candidate) else "GB-" + sha256_hex(candidate.encode())[:16]
    )
