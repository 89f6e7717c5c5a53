"""The rows of bills and of their lines: all of them that can be made before the database is asked.

Lives here      the columns of bills, records and lines, and writing them.
Lives elsewhere claiming days, the order of a transaction (``bills``, ``corrections``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar, overload

from meterledger.facts.bills import Bill
from meterledger.facts.money import Entry
from meterledger.kernel.canonical import canonical_bytes, sha256_hex
from meterledger.kernel.citation import Citation
from meterledger.kernel.ensure import ensure
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.billing_options import insert_asked

BILL = """
INSERT INTO bill
       (bill_id, issued_day, account_id, agreement_id, service_point_id, schedule, kind, days,
        due_day, energy_wh, total_cents, line_count, standing, tax_place, entry_id, known_at,
        lake_sequence, book_sha256, record, record_sha256, previous_balance_cents)
SELECT bill_id, issued_day, account_id, agreement_id, service_point_id, schedule, kind,
       daterange(from_day, until_day), due_day, energy_wh, total_cents, line_count, standing,
       tax_place, entry_id, known_at, lake_sequence, book_sha256, record, record_sha256,
       previous_balance_cents
  FROM (SELECT unnest(%b::text[]) AS bill_id, unnest(%b::date[]) AS issued_day,
               unnest(%b::text[]) AS account_id, unnest(%b::text[]) AS agreement_id,
               unnest(%b::text[]) AS service_point_id, unnest(%b::text[]) AS schedule,
               unnest(%b::text[]) AS kind, unnest(%b::date[]) AS from_day,
               unnest(%b::date[]) AS until_day, unnest(%b::date[]) AS due_day,
               unnest(%b::bigint[]) AS energy_wh, unnest(%b::bigint[]) AS total_cents,
               unnest(%b::integer[]) AS line_count, unnest(%b::text[]) AS standing,
               unnest(%b::text[]) AS tax_place, unnest(%b::text[]) AS entry_id,
               unnest(%b::timestamptz[]) AS known_at, unnest(%b::bigint[]) AS lake_sequence,
               unnest(%b::text[]) AS book_sha256, unnest(%b::bytea[]) AS record,
               unnest(%b::text[]) AS record_sha256,
               unnest(%b::bigint[]) AS previous_balance_cents) AS n
"""
LINE = """
INSERT INTO bill_line
       (bill_id, issued_day, number, code, label, charge_group, days, quantity, unit, price_usd,
        cents, standing, citation_ids)
SELECT bill_id, issued_day::date, number::smallint, code, label, charge_group,
       daterange(from_day::date, until_day::date), quantity, unit, price_usd, cents::bigint,
       standing, string_to_array(citation_ids, ',')
  FROM (SELECT unnest((string_to_array(%s, E'\\x1f'))[2:]) AS bill_id,
               unnest((string_to_array(%s, E'\\x1f'))[2:]) AS issued_day,
               unnest((string_to_array(%s, E'\\x1f'))[2:]) AS number,
               unnest((string_to_array(%s, E'\\x1f'))[2:]) AS code,
               unnest((string_to_array(%s, E'\\x1f'))[2:]) AS label,
               unnest((string_to_array(%s, E'\\x1f'))[2:]) AS charge_group,
               unnest((string_to_array(%s, E'\\x1f'))[2:]) AS from_day,
               unnest((string_to_array(%s, E'\\x1f'))[2:]) AS until_day,
               unnest((string_to_array(%s, E'\\x1f'))[2:]) AS quantity,
               unnest((string_to_array(%s, E'\\x1f'))[2:]) AS unit,
               unnest((string_to_array(%s, E'\\x1f'))[2:]) AS price_usd,
               unnest((string_to_array(%s, E'\\x1f'))[2:]) AS cents,
               unnest((string_to_array(%s, E'\\x1f'))[2:]) AS standing,
               unnest((string_to_array(%s, E'\\x1f'))[2:]) AS citation_ids) AS n
"""
"""A column of lines comes as one text (``_column``): a cycle has millions of values, and writing
each of them apart costs more than all else that is done with them."""


Pair = tuple[Bill, Entry | None]
Columns = tuple[list[Any], ...]
T = TypeVar("T")

FEW = 64
"""Bills whose columns are made at a time: so many, and what is made of them, fit a processor's
cache, and every column looks at them again."""


@dataclass(frozen=True, slots=True)
class BillRows(Sequence[Pair]):
    """Bills with their entries, and their rows as far as no database is needed for them."""

    pairs: Sequence[Pair]
    of_bills: tuple[list[Any], ...]
    """The columns of ``BILL`` in their order, without the balance carried into each."""
    of_lines: tuple[str, ...]
    """The columns of ``LINE``."""

    @classmethod
    def of(cls, pairs: Sequence[Pair]) -> BillRows:
        """Write out the rows: most of what a bill costs here is its record and its lines."""
        # Lines in the order of their table's key: those of a transaction lie one after another.
        bills = sorted((bill for bill, _ in pairs), key=attrgetter("bill_id"))
        lines = _few_at_a_time(_line_columns, bills)
        return cls(pairs, _few_at_a_time(_bill_columns, pairs), tuple(map(_column, lines)))

    @property
    def bills(self) -> list[Bill]:
        """The bills alone."""
        return [bill for bill, _ in self.pairs]

    def only(self, bill_ids: set[str]) -> BillRows:
        """The rows of those bills; written anew where some are left out, which is seldom."""
        taken = [pair for pair in self.pairs if pair[0].bill_id in bill_ids]
        return self if len(taken) == len(self.pairs) else BillRows.of(taken)

    def __len__(self) -> int:
        return len(self.pairs)

    @overload
    def __getitem__(self, place: int) -> Pair: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Pair]: ...
    def __getitem__(self, place: int | slice) -> Pair | Sequence[Pair]:
        return self.pairs[place]

    def __iter__(self) -> Iterator[Pair]:
        return iter(self.pairs)


def insert_bills(connection: Connection, rows: BillRows, balances_before: dict[str, int]) -> None:
    """Write bills, each with the balance carried into it: in cents by account before the first."""
    run = dict(balances_before)
    previous = []
    for bill, _ in rows:
        previous.append(run.get(bill.account_id, 0))
        run[bill.account_id] = previous[-1] + bill.asked_cents
        if bill.relief is not None:
            run[bill.account_id] -= bill.relief.cents
    connection.execute(BILL, [*rows.of_bills, previous])
    insert_asked(connection, rows.bills)


def insert_lines(connection: Connection, rows: BillRows) -> None:
    """Write the lines of bills beside them."""
    connection.execute(LINE, rows.of_lines)


def _bill_columns(pairs: Sequence[Pair]) -> tuple[list[Any], ...]:
    bills = [bill for bill, _ in pairs]
    records = [bill.record() for bill in bills]
    return (
        [bill.bill_id for bill in bills],
        [bill.issued_day for bill in bills],
        [bill.account_id for bill in bills],
        [bill.agreement_id for bill in bills],
        [bill.service_point_id for bill in bills],
        [bill.schedule for bill in bills],
        [bill.kind.value for bill in bills],
        [bill.days.from_day for bill in bills],
        [bill.days.until_day for bill in bills],
        [bill.due_day for bill in bills],
        [bill.usage.energy_wh for bill in bills],
        [bill.total_cents for bill in bills],
        [len(bill.lines) for bill in bills],
        [bill.standing.value for bill in bills],
        [bill.tax_place for bill in bills],
        [entry.entry_id if entry else None for _, entry in pairs],
        [bill.pins.known_at for bill in bills],
        [bill.pins.lake_sequence for bill in bills],
        [bill.pins.book_sha256 for bill in bills],
        records,
        [sha256_hex(record) for record in records],
    )


def _line_columns(bills: Sequence[Bill]) -> tuple[list[str], ...]:
    lines = [
        (bill, number, line) for bill in bills for number, line in enumerate(bill.lines, start=1)
    ]
    return (
        [bill.bill_id for bill, _, _ in lines],
        [bill.issued_day.isoformat() for bill, _, _ in lines],
        [str(number) for _, number, _ in lines],
        [line.code for _, _, line in lines],
        [line.label for _, _, line in lines],
        [line.group.value for _, _, line in lines],
        [line.days.from_day.isoformat() for _, _, line in lines],
        [line.days.until_day.isoformat() for _, _, line in lines],
        [line.quantity for _, _, line in lines],
        [line.unit for _, _, line in lines],
        [line.price_usd for _, _, line in lines],
        [str(line.cents) for _, _, line in lines],
        [line.standing.value for _, _, line in lines],
        [",".join(map(citation_id, line.citations)) for _, _, line in lines],
    )


def _few_at_a_time(one: Callable[[Sequence[T]], Columns], many: Sequence[T]) -> Columns:
    """Columns of many, made from a few at a time."""
    columns: Columns = one(many[:FEW])
    for first in range(FEW, len(many), FEW):
        for column, more in zip(columns, one(many[first : first + FEW]), strict=True):
            column += more
    return columns


SEPARATOR = "\x1f"


def _column(values: list[str]) -> str:
    """The values as one text, each after a separator, as ``LINE`` takes them apart again."""
    text = SEPARATOR.join(["", *values])
    ensure(text.count(SEPARATOR) == len(values), "no word of a line holds a control character")
    return text


@lru_cache(maxsize=16_384)
def citation_id(citation: Citation) -> str:
    """The name under which a clause is kept once: 16 digits of the hash of its contents."""
    return sha256_hex(canonical_bytes(citation.as_json()))[:16]
