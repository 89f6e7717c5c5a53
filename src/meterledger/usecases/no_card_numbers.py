"""No card number is taken anywhere: what looks like one is refused before it is kept or logged.

Lives here      telling such a text, and the refusal, which does not repeat it.
Lives elsewhere the customer types a card's number at the processor, never here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from meterledger.kernel.ids import check_digit_holds
from meterledger.kernel.refusal import Refusal

_RUN = re.compile(r"(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)", re.ASCII)
_SHORTEST, _LONGEST = 13, 19


class CardNumberRefused(Refusal):
    """Something that looks like a card number was given."""


def looks_like_a_card(text: str) -> bool:
    """Whether 13 to 19 digits, with blanks or hyphens between, end with their Luhn digit."""
    for found in _RUN.finditer(text):
        digits = re.sub(r"[ -]", "", found.group())
        if _SHORTEST <= len(digits) <= _LONGEST and check_digit_holds(digits):
            return True
    return False


def refuse_card_numbers(texts: Iterable[str], *, where: str) -> None:
    """Let nothing in that looks like a card number. :raises CardNumberRefused:"""
    if any(map(looks_like_a_card, texts)):
        raise CardNumberRefused(
            "A value looks like a card number",
            where=where,
            why="Card numbers are typed at the processor and never come here; nothing was kept",
            do="Send it without card numbers",
        )
