"""Numeric fields of files that carry money, and of files read beside them: days, temperatures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.poison.fields import MEASURED, WIDE, NumericField, Refused
from tests.stores.gateways.lockbox_paper import lockbox
from tests.stores.gateways.test_bank_files import BAI2, CAMT, CSV

from meterledger.facts.payments import Channel
from meterledger.kernel.refusal import Refusal
from meterledger.stores.gateways.bank_files import bank_file_of
from meterledger.stores.gateways.daily_temperature import read_temperatures
from meterledger.stores.gateways.lockbox import read_lockbox
from meterledger.stores.gateways.opening import opened
from meterledger.stores.gateways.participants_csv import participants_of
from meterledger.stores.gateways.payment_csv import read_payment_csv
from meterledger.stores.gateways.processor import read_answer, signature_of

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
BOX = lockbox([("1000000018", 84_50), ("1000000026", 1)])
PAYMENTS = (
    "key,account,usd,received,tender,check,reference\n"
    "A-77,1000000018,{usd},2026-11-20,cash,,\n"
    "total,{count},{total},,,,\n"
)
PARTICIPANTS = "account,programme,from,until\n1000000018,Keeping Current cooling,{from},{until}\n"
LOCKBOX_FIELDS = (
    ("item number", 3, 4, 7),
    ("cents of a detail", 3, 7, 17),
    ("items of a batch", 5, 20, 23),
    ("cents of a batch", 5, 23, 33),
    ("items of a box", 6, 20, 24),
    ("cents of a box", 6, 24, 34),
    ("records", 7, 1, 7),
)
"""Name, number of the record in ``BOX``, where it begins and ends."""

ANSWER = (
    '{"checkout":"pay-0001","said":"paid","cents":CENTS,"sequence":SEQUENCE,'
    '"reference":"r","redirect":""}'
)
SECRET = b"a secret of sixteen bytes"


def fields() -> Iterator[NumericField]:
    """All of them."""
    for name, record, begin, end in LOCKBOX_FIELDS:
        yield NumericField(
            f"lockbox, {name}",
            _lockbox(record, begin, end),
            low=int(begin > 4),
            forms=WIDE,
            also=frozenset({""} if begin == 4 else ()),
            digits=end - begin,
        )
    yield NumericField("payments CSV, usd", _payments("usd"), low=1, high=10**11, places=2,
                       forms=WIDE)  # fmt: skip
    yield NumericField("payments CSV, count", _payments("count"), forms=WIDE)
    yield NumericField("payments CSV, total", _payments("total"), places=2, forms=WIDE)
    yield from _bank()
    for name in ("CENTS", "SEQUENCE"):
        yield NumericField(
            f"processor, {name.lower()}", _processor(name, ""), high=10**13,
            forms=WIDE - {"leading zeros"},
        )  # fmt: skip
        yield NumericField(
            f"processor, {name.lower()} in quotes", _processor(name, '"'), low=1, high=0
        )
    for name, also in (("from", {"2025-07-01"}), ("until", {"2025-07-01", ""})):
        yield NumericField(
            f"participants CSV, {name}", _participants(name), low=1, high=0, also=frozenset(also)
        )
    for header, when in (("day,mean_f", "2026-01-05"), ("dt,tempF", "2026-01-05T{hour}:00-06:00")):
        yield NumericField(
            f"weather, {header}", _weather(header, when), low=-200, high=200, places=12,
            forms=MEASURED - {"blanks around"},
        )  # fmt: skip


def asking(read: Callable[[str], object]) -> Callable[[str], object]:
    """Ask a reader that refuses with a sentence."""

    def ask(text: str) -> object:
        try:
            return read(text)
        except Refusal as refusal:
            return Refused(refusal.sentence)

    return ask


def encoded(text: str) -> bytes:
    """A text as a file holds it, halves of letters included."""
    return text.encode("utf-8", "surrogatepass")


def _remitted(file: object) -> object:
    refused = getattr(file, "refused", ())
    if refused:
        return Refused(f"Line {refused[0].line} is set apart: {refused[0].why}")
    return getattr(file, "lines"), getattr(file, "stated_cents")  # noqa: B009


def _lockbox(record: int, begin: int, end: int) -> Callable[[str], object]:
    fill = "0" if record == 3 and begin == 4 else " "  # an item's number is a name of three digits

    def read(text: str) -> object:
        lines = BOX.splitlines()
        line = lines[record]
        lines[record] = line[:begin] + text.rjust(end - begin, fill) + line[end:]
        return _remitted(read_lockbox(encoded("\n".join(lines)), "box.txt"))

    return asking(read)


def _cell(text: str) -> str:
    if any(one in text for one in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _payments(name: str) -> Callable[[str], object]:
    def read(text: str) -> object:
        cells = {"usd": "84.50", "count": "1", "total": "84.50"} | {name: _cell(text)}
        data = encoded(PAYMENTS.format(**cells))
        return _remitted(read_payment_csv(data, "pay.csv", channel=Channel.AGENCY))

    return asking(read)


def _participants(name: str) -> Callable[[str], object]:
    def read(text: str) -> object:
        cells = {"from": "2025-01-01", "until": "2025-12-01"} | {name: _cell(text)}
        data = encoded(PARTICIPANTS.format(**cells))
        return participants_of(data, "participants.csv").lines

    return asking(read)


BANK_PLACES = (
    ("BAI2, opening balance", BAI2, "010,100000", "100000", 0),
    ("BAI2, a summary's amount", BAI2, "100,30000,2", "30000", 0),
    ("BAI2, a movement", BAI2, "16,165,25000", "25000", 0),
    ("BAI2, sum of the account", BAI2, "49,290000", "290000", 0),
    ("BAI2, records of the account", BAI2, "49,290000,7/", "7", 0),
    ("BAI2, sum of the group", BAI2, "98,290000", "290000", 0),
    ("BAI2, accounts of the group", BAI2, "98,290000,1,9", "1", 0),
    ("BAI2, records of the group", BAI2, "98,290000,1,9/", "9", 0),
    ("BAI2, sum of the file", BAI2, "99,290000", "290000", 0),
    ("BAI2, groups of the file", BAI2, "99,290000,1", "1", 0),
    ("BAI2, records of the file", BAI2, "99,290000,1,11/", "11", 0),
    ("camt.053, a balance", CAMT, '<Amt Ccy="USD">1000.00', "1000.00", 5),
    ("camt.053, an entry", CAMT, '<Amt Ccy="USD">250.00', "250.00", 5),
    ("bank CSV, opening", CSV, "opening,4471,2026-11-25,1000.00", "1000.00", 5),
    ("bank CSV, a line", CSV, "line,4471,2026-11-25,250.00", "250.00", 5),
    ("bank CSV, closing", CSV, "closing,4471,2026-11-25,1130.00", "1130.00", 5),
)
"""Name, file, the words around the number, the number, its decimals."""


def _bank() -> Iterator[NumericField]:
    for name, file, around, number, places in BANK_PLACES:
        yield NumericField(
            name,
            _statement(file, around, number),
            low=-(10**11),
            high=10**13,
            places=places,
            forms=WIDE | {"plus"},
            also=frozenset({""}) if "summary" in name else frozenset(),
        )


def _statement(file: str, around: str, number: str) -> Callable[[str], object]:
    at = file.index(around) + around.rindex(number)

    def read(text: str) -> object:
        if file is CAMT:
            text = text.replace("&", "&amp;").replace("<", "&lt;")
        elif file is CSV:
            text = _cell(text)
        data = encoded(file[:at] + text + file[at + len(number) :])
        return bank_file_of(opened("bank.txt", data), learned_at=AT).statements

    return asking(read)


def _processor(name: str, quote: str) -> Callable[[str], object]:
    def read(text: str) -> object:
        told = ANSWER.replace(name, f"{quote}{text}{quote}")
        body = encoded(told.replace("CENTS", "16519").replace("SEQUENCE", "1"))
        return read_answer(body, signature_of(body, SECRET), SECRET)

    return asking(read)


def _weather(header: str, when: str) -> Callable[[str], object]:
    def read(text: str) -> object:
        hours = range(24) if "{hour}" in when else range(1)
        rows = [f"{when.format(hour=f'{hour:02d}')},{_cell(text)}" for hour in hours]
        with TemporaryDirectory() as folder:
            path = Path(folder) / "weather.csv"
            path.write_bytes(encoded("\n".join([header, *rows]) + "\n"))
            return read_temperatures(
                path, station="KSTL", source="ours", zone_name="America/Chicago", learned_at=AT
            )

    return asking(read)
