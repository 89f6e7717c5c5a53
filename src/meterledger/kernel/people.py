"""Names of people who sign: whether two of them are one person's.

Lives here      the comparison behind every "two people".
Lives elsewhere who must be two (each journey, and the database: ``plain_name``).
"""

from __future__ import annotations

import re
import unicodedata

_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]+"
)
"""What is written and not seen: Unicode's ``Default_Ignorable_Code_Point`` as far as names may
hold one, and the marks between lines of a text."""


def same_person(one: str, other: str) -> bool:
    """Whether two names are one, whatever their spaces and capitals and how an accent is typed.

    The forms are Unicode's NFKC: an accent typed after its letter is the letter with the accent.
    """
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    seen = unicodedata.normalize("NFKC", _UNSEEN.sub("", name))
    return unicodedata.normalize("NFKC", " ".join(seen.split()).casefold())
