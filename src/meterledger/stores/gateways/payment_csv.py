"""Payments as CSV: for pay agencies and offices that write no lockbox file.

Lives here      one header, one line a payment, a last line with the total.
Lives elsewhere lockbox files (``lockbox``), whose payments they are (``usecases/payment_files``).
Read first      docs/operating/payments.md: "The CSV profile".

    key,account,usd,received,tender,check,reference
    A-77,1000000018,84.50,2026-11-20,cash,,
    total,1,84.50,,,,
"""

from __future__ import annotations

import csv
import io
from datetime import date

from meterledger.facts.money import Tender
from meterledger.facts.payments import Channel, RefusedLine
from meterledger.facts.remittances import RemittanceFile, RemittanceLine
from meterledger.kernel.money import amount_from_text, whole_from_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.written_days import day_from_text
from meterledger.stores.gateways.exact import BLANKS
from meterledger.stores.gateways.lockbox import is_lockbox, read_lockbox
from meterledger.stores.gateways.refusals import EnvelopeBroken

HEADER = ["key", "account", "usd", "received", "tender", "check", "reference"]
PROFILE = "payments, CSV"
LINES_MAX = 500_000


def read_remittances(data: bytes, name: str, *, channel: Channel) -> RemittanceFile:
    """Read a file of payments, whichever of the profiles it is; ``channel`` is that of a CSV.

    :raises EnvelopeBroken: if it is none, or is broken
    """
    if is_lockbox(data):
        return read_lockbox(data, name)
    return read_payment_csv(data, name, channel=channel)


def read_payment_csv(data: bytes, name: str, *, channel: Channel) -> RemittanceFile:
    """Every payment of a CSV file.

    :raises EnvelopeBroken: if the header or the total is not what it has to be
    """
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig")), strict=True))
    except (UnicodeDecodeError, csv.Error) as problem:
        raise _broken(name, f"It is neither a lockbox file nor CSV: {problem}") from None
    if not rows or rows[0] != HEADER:
        raise _broken(
            name,
            f"It is neither a lockbox file nor CSV with the header {','.join(HEADER)}",
        )
    if len(rows) < 3 or len(rows) > LINES_MAX or rows[-1][:1] != ["total"] or len(rows[-1]) < 3:
        raise _broken(name, "It does not end with a line 'total,COUNT,USD'")
    lines, refused = [], []
    for number, row in enumerate(rows[1:-1], start=2):
        try:
            lines.append(_line(row, number, name))
        except Refusal as why:
            text = ",".join(row)[:500]
            refused.append(RefusedLine(number, text, 0, why.what))
    stated = _stated(rows[-1], len(rows) - 2, name)
    rest = stated - sum(one.cents for one in lines)
    if rest < 0 or (rest and not refused):
        raise _broken(name, f"Its total says ${rows[-1][2]}, which its lines do not sum to")
    if refused:
        first = refused[0]
        refused[0] = RefusedLine(first.line, first.text, rest, first.why)
    return RemittanceFile(
        profile=PROFILE,
        channel=channel,
        is_mailed=False,
        deposited_day=max((one.received_day for one in lines), default=date.min),
        lines=tuple(lines),
        refused=tuple(refused),
        stated_cents=stated,
    )


def _line(row: list[str], number: int, name: str) -> RemittanceLine:
    where = f"{name}, line {number}"
    if len(row) != len(HEADER):
        raise _broken(where, f"it has {len(row)} cells, and needs {len(HEADER)}")
    key, account, usd, received, tender, check, reference = (cell.strip(BLANKS) for cell in row)
    cents = amount_from_text(usd, where=where)
    if not key or len(key) > 64 or not key.isascii() or not key.isprintable():
        raise _broken(where, f"its key {key[:64]!a} is not up to 64 plain characters")
    try:
        day = day_from_text(received)
        if day is None:
            raise ValueError
        handed = Tender(tender)
    except ValueError:
        raise _broken(
            where, f"'{received[:20]!a}' or '{tender[:20]!a}' is no day or tender"
        ) from None
    if handed in (Tender.CARD, Tender.WALLET):
        raise _broken(where, "cards and wallets come through the processor, not in a file")
    if any(len(text) > 64 or not text.isascii() for text in (check, reference, account)):
        raise _broken(where, "a cell is longer than 64 plain characters")
    return RemittanceLine(number, key, account, int(cents), handed, day, check, reference)


def _stated(row: list[str], count: int, name: str) -> int:
    said = row[1].strip(BLANKS)
    if whole_from_text(said) != count:
        raise _broken(name, f"Its total says {said[:20]!a} lines, and it has {count}")
    return int(amount_from_text(row[2].strip(BLANKS), where=f"{name}, total"))


def _broken(where: str, what: str) -> EnvelopeBroken:
    return EnvelopeBroken(
        what, where=where, do="Nothing was kept. Ask its sender for the file again"
    )
