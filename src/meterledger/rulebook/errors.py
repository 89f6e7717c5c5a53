"""The one refusal for a tariff file that cannot be used: file, line, what is wrong, what to do."""

from __future__ import annotations

from meterledger.kernel.refusal import Refusal

MOST_CHARACTERS = 400
KEPT_BEFORE, KEPT_AFTER = 120, 160


class TariffFileBroken(Refusal):
    """A file of the tariff book cannot be used. The whole book is refused, never a part of it."""


def broken(what: str, *, file: str, line: int, do: str) -> TariffFileBroken:
    """The refusal for line ``line`` (from 1) of ``file``; long repeats are cut."""
    return TariffFileBroken(_short(what), where=f"{file}, line {line}", do=_short(do))


def _short(words: str) -> str:
    """A sentence a person can read, even where a file has ten thousand digits for a number."""
    if len(words) <= MOST_CHARACTERS:
        return words
    return f"{words[:KEPT_BEFORE]} … {words[-KEPT_AFTER:]}"
