"""BAI2, the cash management file of banks in the United States, version 2.

Records end with ``/`` and stand on lines of their own: 01 file, 02 group (a bank's day), 03
account with its balances by type code (010 opening ledger, 015 closing ledger), 16 a movement, 88
more of the record before, and 49, 98 and 99, which say what stood before them: the sum of all
amounts and the number of records. All of it is checked; a file that does not add up is refused.

Lives here      records, their fields and controls.
Lives elsewhere what a statement is (``facts.bank``), amounts and days (``bank_words``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from meterledger.facts.bank import BankStatement
from meterledger.kernel.money import usd_display
from meterledger.stores.gateways.bank_words import (
    LINES_MAX,
    believable,
    broken,
    statement_of,
    whole_cents,
)

OPENING, CLOSING = "010", "015"
CREDITS, DEBITS = range(101, 400), range(401, 700)
"""Type codes of movements; 100 and 400 are the sums of each, and the rest are states."""


@dataclass(slots=True)
class _Account:
    number: str
    records: int
    control: int = 0
    balances: dict[str, int] = field(default_factory=dict)
    lines: list[tuple[date, int, str, str, str]] = field(default_factory=list)


class _Reader:
    """One file on its way through."""

    def __init__(self, name: str, records: list[tuple[int, list[str], int]]) -> None:
        self.name = name
        self.records = records
        self.at = 0
        self.statements: list[BankStatement] = []

    @property
    def where(self) -> str:
        line = self.records[min(self.at, len(self.records) - 1)][0] if self.records else 1
        return f"{self.name}, line {line}"

    def next(self, *codes: str) -> list[str]:
        """The fields of the next record, which must be one of these."""
        if self.at >= len(self.records):
            raise broken("The file is cut off: it ends before its trailer", self.name)
        fields = self.records[self.at][1]
        if fields[0] not in codes:
            raise broken(
                f"A record {fields[0][:10]!a} stands where {' or '.join(codes)} should", self.where
            )
        return fields

    def physical(self) -> int:
        """Lines that the record took, 88 among them: what trailers count."""
        return self.records[self.at][2]

    def file(self) -> list[BankStatement]:
        """All statements of the file."""
        header = self.next("01")
        if len(header) > 8 and header[8] not in ("2", ""):
            raise broken(f"The file is of version {header[8][:10]!a}; BAI2 is 2", self.where)
        count, self.at, control, groups = self.physical(), self.at + 1, 0, 0
        while self.next("02", "99")[0] == "02":
            records, cents = self.group()
            count, control, groups = count + records, control + cents, groups + 1
        trailer, count = self.next("99"), count + self.physical()
        self.agree(trailer, 1, control, "sum of the file", signed=True)
        self.agree(trailer, 2, groups, "number of groups")
        self.agree(trailer, 3, count, "number of records")
        if self.at + 1 != len(self.records):
            self.at += 1
            raise broken("Records follow the file's trailer", self.where)
        return self.statements

    def group(self) -> tuple[int, int]:
        header = self.next("02")
        if len(header) > 6 and header[6] not in ("", "USD"):
            raise broken(
                f"The group is in {header[6][:10]!a}, and our books are in USD", self.where
            )
        day = _yymmdd(header[4] if len(header) > 4 else "", self.where)
        count, self.at, control, accounts = self.physical(), self.at + 1, 0, 0
        while self.next("03", "98")[0] == "03":
            records, cents = self.account(day)
            count, control, accounts = count + records, control + cents, accounts + 1
        trailer, count = self.next("98"), count + self.physical()
        self.agree(trailer, 1, control, "sum of the group", signed=True)
        self.agree(trailer, 2, accounts, "number of accounts")
        self.agree(trailer, 3, count, "number of records of the group")
        self.at += 1
        return count, control

    def account(self, day: date) -> tuple[int, int]:
        fields = self.next("03")
        where = self.where
        if len(fields) > 2 and fields[2] not in ("", "USD"):
            raise broken(f"The account is in {fields[2][:10]!a}; our books are in USD", where)
        made = _Account(fields[1] if len(fields) > 1 else "", self.physical())
        self.balances(made, fields[3:])
        self.at += 1
        while self.next("16", "49")[0] == "16":
            self.movement(made, day)
            made.records += self.physical()
            self.at += 1
        trailer = self.next("49")
        made.records += self.physical()
        self.agree(trailer, 1, made.control, "sum of the account", signed=True)
        self.agree(trailer, 2, made.records, "number of records of the account")
        self.at += 1
        for code, words in ((OPENING, "opening"), (CLOSING, "closing")):
            if code not in made.balances:
                raise broken(
                    f"Account {made.number[:40]} has no {words} ledger balance ({code})", where
                )
        self.statements.append(
            statement_of(
                bank_account=made.number,
                as_of_day=day,
                opening_cents=made.balances[OPENING],
                closing_cents=made.balances[CLOSING],
                lines=made.lines,
                where=where,
            )
        )
        return made.records, made.control

    def balances(self, account: _Account, fields: list[str]) -> None:
        """Type code, amount, count and funds type, again and again."""
        while len(fields) >= 2:
            code, text = fields[0], fields[1]
            cents = 0
            if text:
                sign = -1 if text[0] == "-" else 1
                cents = sign * whole_cents(text[1:] if text[0] in "+-" else text, self.where)
                account.control += cents
            told = code in (OPENING, CLOSING) and bool(text)
            if told and account.balances.setdefault(code, cents) != cents:
                raise broken(f"The balance {code} is told twice, and differs", self.where)
            fields = fields[3 + _funds_fields(fields[3:], self.where) :]

    def movement(self, account: _Account, day: date) -> None:
        fields = self.next("16")
        code = fields[1] if len(fields) > 1 else ""
        if not (code.isascii() and code.isdigit() and len(code) == 3):
            raise broken(f"{code[:10]!a} is not a type code", self.where)
        cents = whole_cents(fields[2] if len(fields) > 2 else "", self.where)
        account.control += cents
        rest = fields[3 + _funds_fields(fields[3:], self.where) :]
        bank_reference, customer_reference = (*rest, "", "")[:2]
        if int(code) not in CREDITS and int(code) not in DEBITS:
            if cents:
                raise broken(
                    f"Type code {code} says neither credit nor debit of {usd_display(cents)}",
                    self.where,
                    "Codes 101 to 399 are credits and 401 to 699 debits; others are the bank's own",
                )
            return
        if cents == 0:
            return  # a remark: it moves nothing
        if len(account.lines) >= LINES_MAX:
            raise broken(f"The file holds more than {LINES_MAX:,} movements", self.where)
        account.lines.append(
            (
                day,
                cents if int(code) in CREDITS else -cents,
                customer_reference or bank_reference,
                ",".join(rest[2:]),
                code,
            )
        )

    def agree(
        self, trailer: list[str], place: int, found: int, words: str, *, signed: bool = False
    ) -> None:
        """What a trailer says is what stood before it, and it says no more."""
        if any(trailer[{"49": 3}.get(trailer[0], 4) :]):
            raise broken("A trailer has more fields than its kind", self.where)
        text = trailer[place] if len(trailer) > place else ""
        sign = -1 if signed and text[:1] == "-" else 1
        digits = text[1:] if signed and text[:1] in ("+", "-") else text
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
            raise broken(f"The trailer's {words} is {text[:30]!a}, which is no number", self.where)
        if sign * int(digits) != found:
            raise broken(
                f"The trailer's {words} is {sign * int(digits)}, and what stands is {found}",
                self.where,
                "A record is missing, told twice or changed on its way",
            )


def read_bai2(name: str, text: str) -> list[BankStatement]:
    """The statements of a BAI2 file.

    :raises EnvelopeBroken: if a record, an amount, a control total or a balance is wrong
    """
    return _Reader(name, _records(name, text)).file()


def _records(name: str, text: str) -> list[tuple[int, list[str], int]]:
    """(line, fields, lines taken) of every record, with its 88 put behind it."""
    found: list[tuple[int, list[str], int]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        body = line.rstrip()
        if not body:
            continue
        fields = (body[:-1] if body.endswith("/") else body).split(",")
        if fields[0] != "88":
            found.append((number, fields, 1))
            continue
        if not found or len(found[-1][1]) < 2:
            raise broken("A continuation (88) follows no record", f"{name}, line {number}")
        first, before, lines = found[-1]
        found[-1] = (first, [*before, *fields[1:]], lines + 1)
    return found


def _funds_fields(fields: list[str], where: str) -> int:
    """How many fields the funds type takes: its own, and its days and amounts."""
    kind = fields[0] if fields else ""
    if kind in ("", "0", "1", "2", "Z"):
        return 1
    if kind == "V":
        return 3
    if kind == "S":
        return 4
    if kind == "D":
        count = fields[1] if len(fields) > 1 else ""
        if not (count.isascii() and count.isdigit() and len(count) <= 3):
            raise broken(f"The number of distributions is {count[:10]!a}", where)
        return 2 + 2 * int(count)
    raise broken(f"{kind[:10]!a} is no funds type", where)


def _yymmdd(text: str, where: str) -> date:
    if not (text.isascii() and text.isdigit() and len(text) == 6):
        raise broken(f"{text[:20]!a} is not a day as BAI2 writes it (yymmdd)", where)
    try:
        return believable(date(2000 + int(text[:2]), int(text[2:4]), int(text[4:])), where)
    except ValueError:
        raise broken(f"'{text}' is not a day", where) from None
