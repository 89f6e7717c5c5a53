"""Words of units that may stand in the lake: those that are units, and no others.

A file says its units in words, and a word that no format knows could be anything, a name too. Such
a word is replaced by one made of its hash: the same for the same word, so that channels stay apart
and never become energy. The word itself stays with the file's record in PostgreSQL.

Lives here      which words are units.
Lives elsewhere the formats that say them (``stores/gateways``).
"""

from __future__ import annotations

import re
from functools import lru_cache

from meterledger.kernel.canonical import sha256_hex

KNOWN_UNITS = frozenset(
    (
        *("Wh", "kWh", "MWh", "VAh", "kVAh", "MVAh", "VArh", "kVArh", "MVArh", "Ah", "J"),
        *("W", "kW", "MW", "VA", "kVA", "MVA", "VAr", "kVAr", "MVAr", "V", "kV", "A", "kA"),
        *("V2h", "A2h", "Hz", "power factor", "degC", "K", "Pa", "s", "count", "money", "none"),
        *("therm", "BTU", "BTU/h", "CF", "CCF", "MCF", "ft3", "m3", "L", "gal", "imperial gal"),
        *("acre-ft", "lb", "GASREG"),
    )
)
_NUMBERED = re.compile(r"uom [0-9]{1,6}")
_DETAIL = re.compile(r"check|average|compensated|uncompensated|[a-z]{3,12} [0-9]{1,6}")
_UNIT = re.compile(r"(?P<base>[^()]+?)(?: \((?P<details>[^()]+)\))?")
_HASH_DIGITS = 8


@lru_cache(maxsize=4096)
def lake_unit(word: str) -> str:
    """The unit as the lake keeps it: the word itself, or ``unit 1a2b3c4d`` for one unknown."""
    form = _UNIT.fullmatch(word)
    if form is not None:
        base, details = form["base"], form["details"]
        if (base in KNOWN_UNITS or _NUMBERED.fullmatch(base)) and all(
            _DETAIL.fullmatch(one) for one in (details.split(", ") if details else ())
        ):
            return word
    return f"unit {sha256_hex(word.encode())[:_HASH_DIGITS]}"
