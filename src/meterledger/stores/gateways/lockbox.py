"""Lockbox files in the BAI format of 80 columns: what a bank opened, read and deposited for us.

Lives here      records 1, 2, 5, 6, 4, 7, 8 and 9 by their columns; totals of batches and boxes.
Lives elsewhere the same payments as CSV (``payment_csv``), whose they are
                (``usecases/payment_files``).
Read first      docs/operating/payments.md: "The lockbox file", which has the columns.

A broken envelope (order of records, totals, count of records) refuses the file. A detail that
cannot be read is refused alone: its cents are what its batch's total leaves for it. The payer's
bank account (columns 18 to 36) is never kept, and is masked in the text of a refused line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from meterledger.facts.money import Tender
from meterledger.facts.payments import Channel, RefusedLine
from meterledger.facts.remittances import RemittanceFile, RemittanceLine
from meterledger.kernel.money import usd_display
from meterledger.stores.gateways.refusals import EnvelopeBroken

WIDTH = 80
LOCKBOX_SERVICE = "400"
PAYER = slice(17, 36)
PROFILE = "BAI lockbox, 80 columns"


@dataclass(slots=True)
class _Batch:
    number: str
    lockbox: str
    day: date
    began: int
    lines: list[RemittanceLine] = field(default_factory=list)
    unread: list[RefusedLine] = field(default_factory=list)


@dataclass(slots=True)
class _Reader:
    name: str
    lines: list[RemittanceLine] = field(default_factory=list)
    refused: list[RefusedLine] = field(default_factory=list)
    batch: _Batch | None = None
    box_count: int = 0
    box_cents: int = 0
    stated_cents: int = 0
    days: list[date] = field(default_factory=list)
    names_account: bool = False
    """Whether the last detail waits for its overflow record to name the account."""

    def broken(self, number: int, what: str, why: str = "") -> EnvelopeBroken:
        """The refusal of the whole file."""
        return EnvelopeBroken(
            what,
            where=f"{self.name}, record {number}",
            why=why,
            do="Nothing was kept. Ask the bank for the file again",
        )

    def whole(self, number: int, text: str, name: str) -> int:
        """A number that the envelope states."""
        if not (text.isascii() and text.isdigit()):
            raise self.broken(number, f"The {name} {text!a} is not a number")
        return int(text)


def is_lockbox(data: bytes) -> bool:
    """Whether the bytes begin like a lockbox file: record 1, then record 2 of the service 400."""
    first, _, rest = data[:400].partition(b"\n")
    return first[:1] == b"1" and rest[:1] == b"2" and rest[31:34] == LOCKBOX_SERVICE.encode()


def read_lockbox(data: bytes, name: str) -> RemittanceFile:
    """Every payment of a lockbox file.

    :raises EnvelopeBroken: if a record is out of its order, a total is not what its records sum
        to, or the file holds no detail
    """
    records = _records(data, name)
    reader = _Reader(name)
    if len(records) < 3 or records[0][0] != "1" or records[1][0] != "2":
        raise reader.broken(1, "The file does not begin with records 1 and 2")
    if records[1][31:34] != LOCKBOX_SERVICE:
        raise reader.broken(2, f"The service {records[1][31:34]!a} is not 400, a lockbox")
    readers = {"5": _begin, "6": _detail, "4": _overflow, "7": _end_batch, "8": _end_box}
    for number, record in enumerate(records[2:-1], start=3):
        read = readers.get(record[0])
        if read is None:
            raise reader.broken(number, f"A record of type {record[0]!a} has no place here")
        read(reader, number, record)
    _end_file(reader, len(records), records[-1])
    return RemittanceFile(
        profile=PROFILE,
        channel=Channel.LOCKBOX,
        is_mailed=True,
        deposited_day=max(reader.days),
        lines=tuple(reader.lines),
        refused=tuple(reader.refused),
        stated_cents=reader.stated_cents,
    )


def _records(data: bytes, name: str) -> list[str]:
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError as problem:
        raise EnvelopeBroken(
            f"Byte {problem.start} is not ASCII",
            where=name,
            do="Nothing was kept. Ask the bank for the file again",
        ) from None
    records = text.replace("\r\n", "\n").rstrip("\n\x1a").split("\n")
    for number, record in enumerate(records, start=1):
        if not record or len(record) > WIDTH:
            raise EnvelopeBroken(
                f"Record {number} has {len(record)} columns, and a record has {WIDTH}",
                where=name,
                do="Nothing was kept. Ask the bank for the file again",
            )
    return [record.ljust(WIDTH) for record in records]


def _begin(reader: _Reader, number: int, record: str) -> None:
    """Record 5: batch 2-4, lockbox 8-14, day of deposit 15-20 (YYMMDD)."""
    if reader.batch is not None:
        raise reader.broken(number, f"Batch {reader.batch.number} has no total (record 7)")
    day = _day(record[14:20])
    if day is None:
        raise reader.broken(number, f"{record[14:20]!a} is not a day of deposit (YYMMDD)")
    reader.batch = _Batch(record[1:4], record[7:14].strip(), day, number)
    reader.days.append(day)


def _detail(reader: _Reader, number: int, record: str) -> None:
    """Record 6: batch 2-4, item 5-7, cents 8-17, payer 18-36, check 37-46, our account 47-66."""
    batch = reader.batch
    if batch is None:
        raise reader.broken(number, "A detail (record 6) stands outside a batch")
    reader.names_account = False
    item, amount = record[4:7], record[7:17].strip()
    why = ""
    if record[1:4] != batch.number:
        why = f"it names batch {record[1:4]!a} inside batch {batch.number}"
    elif not item.isdigit():
        why = f"its item number {item!a} is not a number"
    elif not amount.isdigit() or int(amount) == 0:
        why = f"its amount {amount!a} is not a number of cents above zero"
    if why:
        text = record[: PAYER.start] + "*" * (PAYER.stop - PAYER.start) + record[PAYER.stop :]
        batch.unread.append(RefusedLine(number, text.rstrip(), 0, why))
        return
    account = record[46:66].strip()
    reader.names_account = not account
    batch.lines.append(
        RemittanceLine(
            line=number,
            key=f"lockbox:{batch.lockbox}:{batch.day:%Y%m%d}:{batch.number}:{item}",
            account_told=account,
            cents=int(amount),
            tender=Tender.CHECK,
            received_day=batch.day,
            check_number=record[36:46].strip().lstrip("0"),
        )
    )


def _overflow(reader: _Reader, number: int, record: str) -> None:
    """Record 4: batch 2-4, item 5-7, our account 12-26, where the detail has none."""
    batch = reader.batch
    if batch is None or not (batch.lines or batch.unread):
        raise reader.broken(number, "An overflow (record 4) follows no detail")
    if not reader.names_account:
        return
    last = batch.lines[-1]
    if last.key.rpartition(":")[2] != record[4:7]:
        raise reader.broken(number, f"It belongs to item {record[4:7]!a}, which is not before it")
    reader.names_account = False
    batch.lines[-1] = RemittanceLine(
        last.line,
        last.key,
        record[11:26].strip(),
        last.cents,
        last.tender,
        last.received_day,
        last.check_number,
    )


def _end_batch(reader: _Reader, number: int, record: str) -> None:
    """Record 7: batch 2-4, lockbox 8-14, items 21-23, cents 24-33."""
    batch = reader.batch
    if batch is None or record[1:4] != batch.number:
        raise reader.broken(number, f"The total of batch {record[1:4]!a} follows another batch")
    count = reader.whole(number, record[20:23], "number of items")
    cents = reader.whole(number, record[23:33], "total")
    found = len(batch.lines) + len(batch.unread)
    if count != found:
        raise reader.broken(
            number, f"Batch {batch.number} says that it has {count} items, and has {found}"
        )
    rest = cents - sum(one.cents for one in batch.lines)
    if rest < 0 or (rest and not batch.unread):
        raise reader.broken(
            number,
            f"Batch {batch.number} says {usd_display(cents)}, which its items do not sum to",
        )
    for place, one in enumerate(batch.unread):
        why = (
            one.why if place == 0 else f"{one.why}; its cents stand at the batch's first such line"
        )
        reader.refused.append(RefusedLine(one.line, one.text, rest if place == 0 else 0, why))
    reader.lines += batch.lines
    reader.box_count += count
    reader.box_cents += cents
    reader.batch = None


def _end_box(reader: _Reader, number: int, record: str) -> None:
    """Record 8: lockbox 8-14, items 21-24, cents 25-34."""
    if reader.batch is not None:
        raise reader.broken(number, f"Batch {reader.batch.number} has no total (record 7)")
    count = reader.whole(number, record[20:24], "number of items")
    cents = reader.whole(number, record[24:34], "total")
    if (count, cents) != (reader.box_count, reader.box_cents):
        raise reader.broken(
            number,
            f"Lockbox {record[7:14].strip()} says {count} items of {usd_display(cents)}, and its "
            f"batches have {reader.box_count} of {usd_display(reader.box_cents)}",
        )
    reader.stated_cents += cents
    reader.box_count = reader.box_cents = 0


def _end_file(reader: _Reader, count: int, record: str) -> None:
    """Record 9: records of the file 2-7."""
    if record[0] != "9":
        raise reader.broken(count, "The file does not end with record 9")
    if reader.batch is not None or reader.box_count or reader.box_cents:
        raise reader.broken(count, "A batch or a lockbox has no total (record 7 or 8)")
    said = reader.whole(count, record[1:7], "number of records")
    if said != count:
        raise reader.broken(count, f"The file says that it has {said} records, and has {count}")
    if not reader.lines and not reader.refused:
        raise reader.broken(count, "The file holds no payment")


def _day(text: str) -> date | None:
    try:
        return date(2000 + int(text[:2]), int(text[2:4]), int(text[4:])) if text.isdigit() else None
    except ValueError:
        return None
