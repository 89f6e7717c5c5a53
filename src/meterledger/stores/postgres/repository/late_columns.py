"""What late charges of many accounts are decided from, read as packed columns, without objects.

Lives here      the questions, and their answers as whole numbers.
Lives elsewhere an account's history by name (``late_charges``), the nouns (``facts/late_columns``).

Every column that is asked for is a bigint and never null. Names are 64-bit hashes of the database's
own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from psycopg import sql

from meterledger.facts.late_columns import (
    GIVEN_BACK,
    KIND_BILL,
    KIND_LATE,
    KIND_OF_PREFIX,
    KIND_OTHER,
    KIND_SPECIAL,
    LIKE_MOVED,
    ApplicationRows,
    BillRows,
    Column,
    DayRows,
    DepositRows,
    LateColumns,
    MovementRows,
)
from meterledger.kernel.ensure import ensure
from meterledger.stores.postgres.connections import Connection


def _named(prefixes: Iterable[str]) -> str:
    """The condition that an entry is named by one of the prefixes."""
    return " OR ".join(f"p.entry_id LIKE '{one}:%'" for one in prefixes)


def _moved() -> str:
    """What balances that moved are by their names."""
    return " ".join(
        f"WHEN p.entry_id LIKE '{name}' THEN {kind}" for name, kind in LIKE_MOVED.items()
    )


FIRST = "DATE '0001-01-01'"
ALL_ACCOUNTS = "SELECT account_id::bigint FROM account ORDER BY 1"
BILLS = f"""
SELECT b.account_id::bigint, hashtextextended('bill:' || b.bill_id, 0),
       (b.issued_day - {FIRST} + 1)::bigint,
       (greatest(coalesce(s.due_day, b.due_day), d.due_day) - {FIRST} + 1)::bigint,
       (upper(b.days) - {FIRST} + 1)::bigint, hashtextextended(b.schedule, 0),
       (b.kind = 'corrected' OR k.cancelled_bill IS NOT NULL)::int::bigint
  FROM bill b
  LEFT JOIN bill_correction k ON k.cancelled_bill = b.bill_id AND k.learned_at <= {{known_at}}
  LEFT JOIN (combined_bill m JOIN combined_statement s ON s.statement_id = m.statement_id)
    ON m.bill_id = b.bill_id AND m.kind = 'charged' AND s.learned_at <= {{known_at}}
  LEFT JOIN (SELECT n.bill_id, max(n.due_day) AS due_day FROM document n
              WHERE n.due_day IS NOT NULL AND n.kind <> 'duplicate' AND n.made_at <= {{known_at}}
                AND {{theirs}} -- made on the morning after, every document is due later
              GROUP BY n.bill_id) d ON d.bill_id = b.bill_id
 WHERE b.known_at <= {{known_at}} AND {{mine}}
"""
MOVEMENTS = f"""
SELECT p.customer_account_id::bigint, hashtextextended(p.entry_id, 0),
       (p.effective_day - {FIRST} + 1)::bigint, p.cents,
       CASE WHEN p.entry_id LIKE 'bill:%' THEN {KIND_BILL}
            WHEN p.entry_id LIKE 'late:%' THEN {KIND_LATE}
            WHEN {_named(one for one, kind in KIND_OF_PREFIX.items() if kind == KIND_SPECIAL)}
                 THEN {KIND_SPECIAL}
            {_moved()}
            WHEN p.ledger_account LIKE '143%' AND p.cents > 0
                 AND split_part(p.entry_id, ':', 1) NOT IN ('transfer', 'fee') THEN {KIND_SPECIAL}
            ELSE {KIND_OTHER} END::bigint,
       ({_named(GIVEN_BACK)})::int::bigint,
       CASE WHEN e.reverses IS NULL THEN 0 ELSE hashtextextended(e.reverses, 0) END,
       (ascii(p.entry_id) * 256 + ascii(substr(p.entry_id, 2, 1)))::bigint
  FROM posting p
  JOIN entry e ON e.entry_id = p.entry_id AND e.effective_day = p.effective_day
 WHERE e.learned_at <= {{known_at}} AND p.customer_account_id IS NOT NULL
   AND (p.ledger_account LIKE '142%' OR p.ledger_account LIKE '143%')
   AND p.ledger_account <> '142.budget' AND {{mine}}
"""
MAILED = """
SELECT p.account_id::bigint, hashtextextended(p.entry_id, 0)
  FROM payment p JOIN receipt r ON r.payment_key = p.payment_key
 WHERE r.is_mailed AND {mine}
"""
APPLICATIONS = f"""
SELECT a.account_id::bigint, hashtextextended(a.source_entry_id, 0), hashtextextended(a.item_id, 0),
       a.cents, (a.applied_day - {FIRST} + 1)::bigint
  FROM application a WHERE a.learned_at <= {{known_at}} AND {{mine}}
"""
UNKNOWN = """
SELECT r.account_told::bigint, sum(r.cents)::bigint
  FROM receipt r
 WHERE r.learned_at <= {known_at} AND {mine}
   AND EXISTS (SELECT FROM receipt_step s
                WHERE s.payment_key = r.payment_key AND s.state = 'unknown')
   AND (SELECT s.state FROM receipt_step s
         WHERE s.payment_key = r.payment_key AND s.learned_at <= {known_at}
         ORDER BY s.number DESC LIMIT 1) = 'unknown'
 GROUP BY 1
"""
CHARGED = f"""
SELECT c.account_id::bigint, (c.delinquent_day - {FIRST} + 1)::bigint
  FROM late_charge c WHERE c.known_at <= {{known_at}} AND {{mine}}
"""
RARE = """
SELECT g.account_id::bigint FROM government_account g WHERE g.learned_at <= {known_at} AND {mine}
"""
RELIEVED = """
SELECT r.account_id::bigint FROM bill_relief r WHERE r.learned_at <= {known_at} AND {mine}
"""
NOT_DELIVERED = """
SELECT b.account_id::bigint FROM document_came_back b
 WHERE b.learned_at <= {known_at} AND {mine}
   AND NOT EXISTS (SELECT FROM document d
                    WHERE d.bill_id = b.bill_id AND d.channel = 'print' AND d.kind <> 'duplicate'
                      AND d.made_at <= {known_at})
"""
SET_ASIDE = """
SELECT a.account_id::bigint FROM document_set_aside a
 WHERE a.made_at <= {known_at} AND {mine}
   AND NOT EXISTS (SELECT FROM document d
                    WHERE d.bill_id = a.bill_id AND d.kind <> 'duplicate'
                      AND d.made_at <= {known_at})
"""
WAITING = """
SELECT w.account_id::bigint FROM late_charge_wait w WHERE w.learned_at <= {known_at} AND {mine}
"""
SCHEDULE = "SELECT schedule FROM bill WHERE hashtextextended(schedule, 0) = %s LIMIT 1"


class _Reader:
    """One moment's questions about some accounts, or about all."""

    def __init__(
        self, connection: Connection, account_ids: Sequence[str] | None, known_at: datetime
    ) -> None:
        self.connection, self.known_at = connection, known_at
        self.names = None if account_ids is None else list(account_ids)
        if account_ids is None:
            self.numbers = self._table(sql.SQL(ALL_ACCOUNTS), 1)[:, 0]
        else:
            self.numbers = np.array([int(one) for one in account_ids], np.int64)
        self.order = np.argsort(self.numbers, kind="stable")
        self.sorted = self.numbers[self.order]

    def rows(self, query: str, width: int, account: str = "") -> npt.NDArray[np.int64]:
        """An answer with the place of its account in the first column; others are left out."""
        asked = sql.SQL(query).format(
            known_at=sql.Literal(self.known_at),
            mine=self._only(account),
            theirs=self._only("n.account_id"),
        )
        table = self._table(asked, width)
        found = np.searchsorted(self.sorted, table[:, 0])
        found = np.minimum(found, max(len(self.sorted) - 1, 0))
        if not len(table):
            return table
        table = table.copy()
        known = self.sorted[found] == table[:, 0]
        table[:, 0] = self.order[found]
        mine_only: npt.NDArray[np.int64] = table[known]
        return mine_only

    def _only(self, column: str) -> sql.Composable:
        """The condition that a row is of one of the accounts."""
        if self.names is None:
            return sql.SQL("true")
        return sql.SQL("{} = ANY ({})").format(sql.SQL(column), sql.Literal(self.names))

    def _table(self, query: sql.Composable, width: int) -> npt.NDArray[np.int64]:
        """The answer as a table of whole numbers, each column packed by the server.

        A row at a time would cost more than all that is done with it.
        """
        names = [sql.Identifier(f"c{number}") for number in range(width)]
        packed = sql.SQL(", ").join(
            sql.SQL("string_agg(int8send({}), ''::bytea)").format(name) for name in names
        )
        asked = sql.SQL("SELECT {} FROM ({}) AS q ({})").format(
            packed, query, sql.SQL(", ").join(names)
        )
        row = self.connection.cursor(binary=True).execute(asked).fetchone() or ()
        columns = [np.frombuffer(one or b"", ">i8").astype(np.int64) for one in row]
        ensure(len({len(one) for one in columns}) == 1, "no number of the answer is null")
        return np.stack(columns, axis=1)


def read_late_columns(
    connection: Connection, account_ids: Sequence[str] | None, known_at: datetime
) -> LateColumns:
    """Everything about the accounts, or about all of them in order of their numbers.

    Deposits are asked elsewhere: they are few, and are told by their steps.
    """
    reader = _Reader(connection, account_ids, known_at)
    count = len(reader.numbers)
    bills = reader.rows(BILLS, 7, "b.account_id")
    schedules, place = np.unique(bills[:, 5], return_inverse=True)
    names = [connection.execute(SCHEDULE, [int(one)]).fetchone() for one in schedules]
    moved = reader.rows(MOVEMENTS, 8, "p.customer_account_id")
    moved = moved[np.lexsort((moved[:, 7], moved[:, 2], moved[:, 0]))]
    mailed = reader.rows(MAILED, 2, "p.account_id")
    unknown = np.zeros(count, np.int64)
    for account, cents in reader.rows(UNKNOWN, 2, "r.account_told").tolist():
        unknown[account] = cents
    rare = np.zeros(count, bool)
    rare[reader.rows(RARE, 1, "g.account_id")[:, 0]] = True
    rare[reader.rows(WAITING, 1, "w.account_id")[:, 0]] = True
    rare[reader.rows(RELIEVED, 1, "r.account_id")[:, 0]] = True
    rare[reader.rows(NOT_DELIVERED, 1, "b.account_id")[:, 0]] = True
    rare[reader.rows(SET_ASIDE, 1, "a.account_id")[:, 0]] = True
    charged = reader.rows(CHARGED, 2, "c.account_id")
    given = reader.rows(APPLICATIONS, 5, "a.account_id")
    return LateColumns(
        accounts=tuple(reader.names or [f"{one:010d}" for one in reader.numbers.tolist()]),
        schedules=tuple(str(row[0]) for row in names if row is not None),
        bills=BillRows(*(*_columns(bills[:, :5]), _flat(place), _flat(bills[:, 6]))),
        movements=MovementRows(*(*_columns(moved), _flat(np.isin(moved[:, 1], mailed[:, 1])))),
        applications=ApplicationRows(*_columns(given)),
        deposits=DepositRows(),
        charged=DayRows(*_columns(charged)),
        unknown_payment_cents=unknown,
        one_by_one=rare,
    )


def _columns(table: npt.NDArray[np.int64]) -> list[Column]:
    return [_flat(table[:, one]) for one in range(table.shape[1])]


def _flat(column: npt.NDArray[Any]) -> Column:
    return np.ascontiguousarray(column.reshape(-1), dtype=np.int64)
