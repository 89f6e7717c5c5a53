"""Names of people who sign: whether two of them are one person's.

Lives here      the comparison behind every "two people".
Lives elsewhere who must be two (each journey, and the database).
"""

from __future__ import annotations


def same_person(one: str, other: str) -> bool:
    """Whether two names are one, whatever their spaces and capitals."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
