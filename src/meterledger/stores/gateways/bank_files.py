"""A file of bank statements, whatever its format: told by its content, never by its name.

Lives here      telling the formats apart; one statement an account and day in a file.
Lives elsewhere the formats (``bank_bai2``, ``bank_camt053``, ``bank_csv``).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from meterledger.facts.bank import BankFile
from meterledger.stores.gateways.bank_bai2 import read_bai2
from meterledger.stores.gateways.bank_camt053 import OF_CAMT053, read_camt053
from meterledger.stores.gateways.bank_csv import HEADER, read_bank_csv
from meterledger.stores.gateways.bank_words import broken
from meterledger.stores.gateways.opening import OpenedFile, decode, open_bytes, refuse_binary
from meterledger.stores.gateways.refusals import FormatUnknown
from meterledger.stores.gateways.xml_parts import root_of


def read_bank_file(path: Path, *, learned_at: datetime) -> BankFile:
    """The statements of the file. Whole or not at all.

    :raises FileUnreadable: if it is not there or too large
    :raises FormatUnknown: if it is no statement of a format that we read
    :raises EnvelopeBroken: if it is one, and wrong
    """
    return bank_file_of(open_bytes(path), learned_at=learned_at)


def bank_file_of(opened: OpenedFile, *, learned_at: datetime) -> BankFile:
    """The same for bytes that are already in memory."""
    name, data = opened.name, opened.data
    if data.lstrip()[:1] == b"<":
        namespace, _ = root_of(data)
        if not namespace.startswith(OF_CAMT053):
            raise _unknown(name)
        kind, statements = "camt.053", read_camt053(name, data)
    else:
        refuse_binary(name, data)
        text = decode(name, data)
        if text.startswith("01,"):
            kind, statements = "BAI2", read_bai2(name, text)
        elif text.startswith(HEADER[0] + ","):
            kind, statements = "csv", read_bank_csv(name, text)
        else:
            raise _unknown(name)
    seen: set[str] = set()
    for one in statements:
        if one.statement_id in seen:
            raise broken(
                f"The file has two statements of account {one.bank_account} of {one.as_of_day}",
                name,
            )
        seen.add(one.statement_id)
    if not statements:
        raise broken("The file holds no statement", name)
    return BankFile(opened.sha256, name, kind, tuple(statements), learned_at)


def _unknown(name: str) -> FormatUnknown:
    return FormatUnknown(
        f"{name[:80]} is no bank statement that can be read",
        why="BAI2, camt.053 and our CSV profile are read, told by their content",
        do="Ask the bank for one of them, or see docs/operating/reconciliation.md",
    )
