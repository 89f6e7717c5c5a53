"""Live bills in short rows, many at once: amounts by line, without records and words."""

from __future__ import annotations

from datetime import date
from typing import Any

from meterledger.facts.issued import IssuedBill
from meterledger.rulebook.pinned import BookPin
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables
from meterledger.stores.postgres.repository.cycles import PUT_NOW, of_cycle

RENDERED = "b.issued_day >= %(since)s AND b.issued_day < %(until)s"
# A corrected bill is rendered after the first one of its period, whose name it keeps.
FIRST_BILLED = """b.issued_day >= %(since)s AND CASE
           WHEN b.bill_id ~ '-[0-9]{8}-[0-9]{8}-v[0-9]+$' THEN (
               SELECT r.issued_day FROM service_period_claim r
                WHERE r.bill_id = regexp_replace(b.bill_id, '-v[0-9]+$', ''))
           ELSE b.issued_day END BETWEEN %(since)s AND %(until)s::date - 1"""


def _of_days(bills: str, lines: str) -> str:
    return f"""
WITH chosen AS MATERIALIZED (
    SELECT b.bill_id, b.issued_day, b.account_id, b.agreement_id, b.schedule, b.tax_place, b.days,
           b.known_at, b.lake_sequence, b.book_sha256, b.energy_wh, b.total_cents, b.written_in
      FROM bill b
      JOIN service_period_claim c ON c.bill_id = b.bill_id
      JOIN account a ON a.account_id = b.account_id
     WHERE {bills}
       AND (c.cancelled_by IS NULL OR c.cancelled_by IN (
               SELECT n.bill_id FROM bill n WHERE n.issued_day > %(stood_on)s::date))
       AND {of_cycle("a", "%(cycle)s", PUT_NOW)}
),
lines AS (
    SELECT l.bill_id,
           string_agg(l.code || ' ' || lower(l.days)::text, ',' ORDER BY l.number) AS layout,
           string_agg(l.cents::text, ',' ORDER BY l.number) AS cents
      FROM bill_line l
     WHERE {lines}
       AND (l.written_in, l.bill_id) IN (SELECT written_in, bill_id FROM chosen)
     GROUP BY l.bill_id
)
SELECT c.bill_id, c.account_id, c.agreement_id, c.schedule, c.tax_place, lower(c.days),
       upper(c.days), c.issued_day, c.known_at, c.lake_sequence, c.book_sha256, c.energy_wh,
       c.total_cents, l.layout, l.cents
  FROM chosen c JOIN lines l ON l.bill_id = c.bill_id
 ORDER BY c.bill_id
"""


ISSUED = _of_days(RENDERED, "l.issued_day >= %(since)s AND l.issued_day < %(until)s")
OF_PERIODS = _of_days(FIRST_BILLED, "l.issued_day >= %(since)s")

PINS = """
SELECT (known_at AT TIME ZONE 'UTC')::date, book_sha256, count(*) FROM bill GROUP BY 1, 2
 ORDER BY 1, 2
"""


class IssuedTables(Tables):
    """The part of the store that reads many bills at once."""

    def issued_bills(
        self,
        cycle: int,
        since: date,
        until: date,
        *,
        stood_on: date | None = None,
        first_billed: bool = False,
    ) -> list[IssuedBill]:
        """Live bills of the cycle's accounts rendered on days from ``since`` until ``until``."""
        parameters = {"cycle": cycle, "since": since, "until": until, "stood_on": stood_on}

        def ask(connection: Connection) -> list[tuple[Any, ...]]:
            # Right after a run the planner believes that tables are small, and would look up a
            # cycle's lines one by one.
            connection.execute("SET LOCAL enable_nestloop = off")
            asked = OF_PERIODS if first_billed else ISSUED
            return connection.execute(asked, parameters).fetchall()

        words: dict[str, str] = {}
        return [_issued(row, words) for row in self._read(ask)]

    def book_pins(self) -> list[BookPin]:
        """By which books all bills were made, cancelled ones too: by day as known, and hash."""
        return [
            BookPin(day, sha256, count)
            for day, sha256, count in self._read(lambda one: one.execute(PINS).fetchall())
        ]


def _issued(row: tuple[Any, ...], words: dict[str, str]) -> IssuedBill:
    """The row as the noun; words that many bills share are kept once."""

    def shared(text: str) -> str:
        return words.setdefault(text, text)

    (bill, account, agreement, schedule, place, first, until, issued, known, sequence) = row[:10]
    (book, energy, total, layout, cents) = row[10:]
    return IssuedBill(
        bill_id=bill,
        account_id=account,
        agreement_id=agreement,
        schedule=shared(schedule),
        tax_place=shared(place),
        from_day=first,
        until_day=until,
        issued_day=issued,
        known_at=known,
        lake_sequence=sequence,
        book_sha256=shared(book),
        energy_wh=energy,
        total_cents=total,
        layout=shared(layout),
        cents=tuple(map(int, cents.split(","))),
    )
