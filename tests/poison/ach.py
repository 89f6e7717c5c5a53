"""Numeric fields of NACHA files: every record of payments out and in, returns, changes, prenotes.

The layouts are walked: a number of a layout that stands in none of ``FILES`` is found missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from tests.poison.fields import WIDE, NumericField
from tests.poison.money_files import asking, encoded
from tests.stores.gateways.test_nacha import BANK, BATCH, DEBIT, FILE

from meterledger.facts.ach import AchChange, AchFile, AchReturn, AchStandard
from meterledger.stores.gateways import nacha_records
from meterledger.stores.gateways.nacha import read_nacha
from meterledger.stores.gateways.nacha_records import Field
from meterledger.stores.gateways.nacha_write import write_nacha


def _file(standard: AchStandard, service_class: int, **entry: Any) -> AchFile:
    one = replace(DEBIT, **entry)
    batch = replace(BATCH, standard=standard, service_class=service_class, entries=(one,))
    return replace(FILE, batches=(batch,))


DIED = AchReturn("R15", f"{BANK}0000009", BANK, date(2025, 6, 3), "")
CHANGED = AchChange("C01", f"{BANK}0000009", BANK, "1918171614")
ADDED = {"code": 22, "information": ("one", "two")}
FILES: dict[str, tuple[AchFile, tuple[str, ...]]] = {
    "debits": (FILE, ("FILE_HEADER", "BATCH_HEADER", "ENTRY", "BATCH_CONTROL", "FILE_CONTROL")),
    "prenote": (_file(AchStandard.PPD, 225, code=28, cents=0), ("", "", "ENTRY")),
    "return": (_file(AchStandard.PPD, 200, code=26, returned=DIED), ("", "", "", "ADDENDA_RETURN")),
    "change": (
        _file(AchStandard.COR, 225, code=26, cents=0, change=CHANGED),
        ("", "", "", "ADDENDA_CHANGE"),
    ),
    "CIE": (_file(AchStandard.CIE, 220, name="A NAME", **ADDED), ("", "", "ENTRY_CIE", "ADDENDA")),
    "CTX": (_file(AchStandard.CTX, 220, name="A NAME", **ADDED), ("", "", "ENTRY_CTX", "ADDENDA")),
}
"""A file and which layouts are asked in it, in the order of its records."""
DAYS = frozenset({"created_day", "effective_day", "died_on", "created_time", "descriptive_date"})
"""Digits that are written as text."""


def layouts() -> dict[str, tuple[Field, ...]]:
    """Every layout of a record."""
    return {
        name: told
        for name, told in vars(nacha_records).items()
        if name.isupper() and not name.startswith("_") and isinstance(told, tuple)
    }


def fields() -> Iterator[NumericField]:
    """All of them."""
    for name, (file, records) in FILES.items():
        for number, layout in enumerate(records):
            for one in layouts()[layout] if layout else ():
                if one.is_number or one.name in DAYS - {"descriptive_date"}:
                    blank = {"", "   ", "\t", " ", "\n", "\u3000"}
                    yield NumericField(
                        f"ACH {name}, {layout.lower()}, {one.name}",
                        _asked(file, number, one),
                        high=10**15,
                        forms=WIDE,
                        also=frozenset(
                            {""} if one.is_number else {*blank, "0005"}
                        ),  # five past midnight
                        digits=one.width,
                    )


def _asked(file: AchFile, number: int, field: Field) -> Callable[[str], object]:
    lines = write_nacha(file).decode().splitlines()
    line = lines[number]
    fill = "0" if field.is_number else " "  # filled with zeros, an empty number is one

    def read(text: str) -> object:
        told = line[: field.first - 1] + text.rjust(field.width, fill) + line[field.last :]
        return read_nacha(
            encoded("\n".join([*lines[:number], told, *lines[number + 1 :]]) + "\n"), "ach.txt"
        )

    return asking(read)
