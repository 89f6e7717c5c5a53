"""Refusals: the expected kind of "no", worded for the person who can do something about it."""

from __future__ import annotations

import re
from typing import Self

LONGEST_WORD = 200
"""A refusal repeats what was refused, and somebody's ten thousand digits are no sentence."""
_TOO_LONG = re.compile(rf"\S{{{LONGEST_WORD + 1},}}")


class Refusal(Exception):
    """An expected "no": what was wrong, where, why, and what to do, in one sentence or two.

    Doors print ``str(refusal)`` and exit with 2; journeys put the case into a queue with an
    owner. Subclasses live beside the function that raises them and are named for the situation.
    """

    is_passing = False
    """Whether the cause lies in the system and not in what was asked: a full disk, a lost server.
    Then nothing is decided about the case; it is tried again later."""

    stops_everything = False
    """Whether no other case could be decided either: the database is gone or full. A run over many
    cases ends then, instead of holding each as if something were wrong with it."""

    def __init__(self, what: str, *, where: str = "", why: str = "", do: str = "") -> None:
        """Keep the four parts, so that a screen can show them apart.

        Signs that no screen shows (null bytes, marks of direction, halves of letters), which come
        with what was refused, are written out; of a word without end its beginning is kept.
        """
        self.what = visible(what)
        self.where = visible(where)
        self.why = visible(why)
        self.do = visible(do)
        super().__init__(self.sentence)

    def of_one_case(self) -> Self:
        """This refusal, where a run goes on with its other cases after it.

        :raises Refusal: this one again, if it stops everything
        """
        if self.stops_everything:
            raise self
        return self

    @property
    def sentence(self) -> str:
        """The whole refusal as one line a person can read; an account is named once."""
        named = self.where.startswith("account ") and self.what.lower().startswith(self.where)
        head = f"{self.where}: {self.what}" if self.where.strip() and not named else self.what
        parts = [head, self.why, self.do]
        return " ".join(_closed(part) for part in parts if part.strip())


def _closed(part: str) -> str:
    part = " ".join(part.split())
    return part if part[-1] in ".!?" else part + "."


def _beginning(word: re.Match[str]) -> str:
    return f"{word[0][:40]}... ({len(word[0])} signs)"


def visible(part: str) -> str:
    """A text with the signs that no screen shows written out, and no word without end."""
    if len(part) > LONGEST_WORD:
        part = _TOO_LONG.sub(_beginning, part)
    if part.isprintable():
        return part
    return "".join(
        one if one.isprintable() or one in "\t\r\n" else ascii(one)[1:-1] for one in part
    )
