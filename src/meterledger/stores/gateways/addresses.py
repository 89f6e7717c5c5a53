"""Addresses of other systems, as somebody wrote them into a setting.

Lives here      taking one apart; what is none has no host.
Lives elsewhere which of them may be asked, and the refusal that names the setting (``head_end``,
                ``processor``).
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit


class Address(NamedTuple):
    """An address in parts; of one that cannot be taken apart nothing is there."""

    parts: SplitResult
    port: int | None


def taken_apart(text: str) -> Address:
    """The parts of an address. A port is a number from 1 to 65535, or not named."""
    try:
        # Python's own reading drops line ends inside an address, and blanks around it.
        parts = urlsplit(text if text.isascii() and text.isprintable() and " " not in text else "")
        port = parts.port
    except ValueError:  # brackets, letters that hide others, a port that is no number
        return Address(urlsplit(""), None)
    return Address(urlsplit("") if port == 0 else parts, port)
