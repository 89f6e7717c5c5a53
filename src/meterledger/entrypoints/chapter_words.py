"""Chapters, pages and states of the tariff book in words, for pages and files alike.

Lives here      the title of a chapter's folder, the order of sheets, what a state means.
Lives elsewhere the book (``rulebook``), what is drawn of it (``coverage_page``, ``web``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

NUMERALS = frozenset({"i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"})
AS_PRINTED = {"rsmo": "RSMo", "psc": "PSC", "ami": "AMI"}
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_PARTS = re.compile(r"(\d+)")
_ORDINAL = re.compile(rf"\b({'|'.join(ORDINALS)})\b")


@dataclass(frozen=True, slots=True)
class StateWords:
    """A state of coverage for a reader: its letter on a cell, its name, what it means."""

    state: str
    letter: str
    name: str
    meaning: str


STATES = (
    StateWords("carried", "C", "Carried", "A rule decides by this text, and a story proves it."),
    StateWords("planned", "P", "Planned", "The text is in the book; its room will own a rule."),
    StateWords("information", "I", "Information", "The text informs and leaves nothing to decide."),
    StateWords("text_missing", "M", "Text missing", "The text that is needed is not held."),
)
NO_STATE = StateWords("none", "!", "In no state", "Nobody has said what is done about this text.")


def state_words(state: str | None) -> StateWords:
    """The words of a state; of none where the book states none."""
    return next((one for one in STATES if one.state == state), NO_STATE)


def chapter_title(folder: str) -> str:
    """``grr_v_late_payment`` as ``General rules and regulations V: late payment``."""
    words = folder.split("_")
    if words[0] == "sheet" and len(words) == 2 and words[1].isdigit():
        return f"Sheet {int(words[1])}"
    if words[0] == "grr" and len(words) > 2 and words[1] in NUMERALS:
        return f"General rules and regulations {words[1].upper()}: {' '.join(words[2:])}"
    if words[0] == "rsmo":
        return f"RSMo {'.'.join(words[1:])}"
    if words[0] == "pilots" and len(words) > 2:
        return f"Pilots {words[1].upper()}: {' '.join(words[2:])}"
    head = AS_PRINTED.get(words[0], words[0].capitalize())
    return " ".join([head, *words[1:]])


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key by which ``Sheet 9`` comes before ``Sheet 136``, and a first page before a fifth."""
    text = _ORDINAL.sub(lambda found: str(ORDINALS.index(found[0]) + 1), text)
    return tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part.lower())
        for part in _PARTS.split(text)
        if part
    )


def revision_words(revision: str | None) -> str:
    """``revision 3``, ``original``, ``text of 2017``, or whatever a paper without a count says."""
    if not revision:
        return "no revision"
    if revision.isdecimal():
        return f"text of {revision}" if len(revision) == 4 else f"revision {revision}"
    return revision[0].lower() + revision[1:]
