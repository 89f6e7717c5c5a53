"""The journal: entries with their legs, payments by key, balances."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from psycopg import errors

from meterledger.facts.money import Entry, Leg, Payment, Tender
from meterledger.kernel.ensure import ensure
from meterledger.stores.believed import contents
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, record_day
from meterledger.usecases.ports import Conflict, NotFound

RECEIVABLE = "142"  # the control account of what customers owe (FERC Uniform System of Accounts)
BUDGET = "142.budget"  # what budget plans have deferred of it
TAXES = "241"  # the control account of taxes collected; each jurisdiction has a sub-account of it

PAYMENT_COLUMNS = "payment_key, account_id, cents, tender, received_day, learned_at"
LEGS = """
 SELECT e.entry_id, e.effective_day, e.learned_at, e.cause, e.reverses, e.booked_day, legs.found
   FROM ({mine}) mine
  CROSS JOIN LATERAL (
        SELECT * FROM entry e
         WHERE e.entry_id = mine.entry_id AND e.effective_day = mine.effective_day OFFSET 0) e
   JOIN LATERAL (
        SELECT json_agg(json_build_array(p.ledger_account, p.cents, p.customer_account_id)
                        ORDER BY p.number) AS found
          FROM posting p WHERE p.entry_id = e.entry_id AND p.effective_day = e.effective_day
        ) legs ON true
  ORDER BY e.effective_day, e.learned_at, e.entry_id
"""
ENTRIES = LEGS.format(
    mine="SELECT DISTINCT entry_id, effective_day FROM posting WHERE customer_account_id = %s"
)
NAMED = LEGS.format(mine="SELECT %s::text AS entry_id, %s::date AS effective_day")
TRIAL = "SELECT ledger_account, sum(cents) FROM ledger_sum GROUP BY 1 ORDER BY 1"
ENTRY = """
WITH books AS MATERIALIZED (SELECT booking_opens() AS opens)
INSERT INTO entry (entry_id, effective_day, learned_at, cause, reverses, booked_day)
SELECT entry_id, effective_day, learned_at, cause, reverses,
       nullif(greatest(effective_day, booked_day, opens), effective_day)
  FROM unnest(%b::text[], %b::date[], %b::timestamptz[], %b::text[], %b::text[], %b::date[])
       AS n (entry_id, effective_day, learned_at, cause, reverses, booked_day), books
"""
"""An entry whose period is closed is booked on the first open day; a close waits for it."""


class LedgerTables(Tables):
    """The part of the store that keeps money."""

    def record_payment(self, payment: Payment, entry: Entry) -> bool:
        """Post a payment once. False, and nothing changed, if the same payment is posted already.

        :raises Conflict: if the key was used with other contents
        :raises NotFound: if there is no such account
        """
        self._connections.ensure_months(entry_months([entry]) | {record_day(payment.learned_at)})
        return self._step("post a payment", lambda one: self._post(one, payment, entry))

    def _post(self, connection: Connection, payment: Payment, entry: Entry) -> bool:
        # The key is the gate: whoever brings it second waits here until the first has ended.
        try:
            posted = self._take_key(connection, payment, entry)
        except errors.UniqueViolation as problem:
            raise Conflict.of_entry(entry.entry_id) from problem
        if not posted:
            known = self._payment_of_key(connection, payment.payment_key)
            if contents(known) != contents(payment):
                raise Conflict.of_payment(payment.payment_key, known)
            return False
        account = connection.execute(
            "SELECT FROM account WHERE account_id = %s", [payment.account_id]
        ).fetchone()
        if account is None:
            raise NotFound.of("account", payment.account_id)
        insert_entries(connection, [entry])
        self._note(
            connection,
            "payment posted",
            [
                (
                    payment.account_id,
                    {"payment": payment.payment_key, "entry": entry.entry_id},
                    payment.learned_at,
                )
            ],
        )
        return True

    @staticmethod
    def _take_key(connection: Connection, payment: Payment, entry: Entry) -> bool:
        posted = connection.execute(
            f"INSERT INTO payment ({PAYMENT_COLUMNS}, entry_id)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (payment_key) DO NOTHING",
            [
                payment.payment_key,
                payment.account_id,
                payment.cents,
                payment.tender.value,
                payment.received_day,
                payment.learned_at,
                entry.entry_id,
            ],
        )
        return posted.rowcount == 1

    @staticmethod
    def _payment_of_key(connection: Connection, payment_key: str) -> Payment:
        row = connection.execute(
            f"SELECT {PAYMENT_COLUMNS} FROM payment WHERE payment_key = %s", [payment_key]
        ).fetchone()
        ensure(row is not None, f"payment key {payment_key} is taken by a payment")
        return _payment(row or ())

    def balance_cents(self, account_id: str) -> int:
        """What the account owes now: the sum of its receivable legs."""
        return self._read(lambda connection: balances(connection, [account_id]).get(account_id, 0))

    def entries_of_account(self, account_id: str) -> list[Entry]:
        """Entries that touch the account, oldest first."""
        rows = self._read(lambda connection: connection.execute(ENTRIES, [account_id]).fetchall())
        return [_entry(row) for row in rows]

    def entry_named(self, entry_id: str, effective_day: date) -> Entry | None:
        """An entry of a day by its name; None where there is none."""
        asked = [entry_id, effective_day]
        row = self._read(lambda connection: connection.execute(NAMED, asked).fetchone())
        return None if row is None else _entry(row)

    def payments_of_account(self, account_id: str) -> list[Payment]:
        """Payments of the account, oldest first."""
        rows = self._read(
            lambda connection: connection.execute(
                f"SELECT {PAYMENT_COLUMNS} FROM payment WHERE account_id = %s"
                " ORDER BY received_day, learned_at, payment_key",
                [account_id],
            ).fetchall()
        )
        return [_payment(row) for row in rows]

    def trial_balance(self) -> dict[str, int]:
        """Sum of legs by ledger account, kept beside them. The sums add up to zero."""
        rows = self._step(
            "add up the ledger",
            lambda connection: connection.execute(TRIAL).fetchall(),
        )
        return {ledger_account: int(cents) for ledger_account, cents in rows}


def _entry(row: Sequence[Any]) -> Entry:
    entry_id, effective_day, learned_at, cause, reverses, booked_day, legs = row
    return Entry(
        entry_id=entry_id,
        effective_day=effective_day,
        learned_at=learned_at,
        legs=tuple(Leg(*leg) for leg in legs),
        cause=cause,
        reverses=reverses,
        booked_day=booked_day,
    )


def balances(connection: Connection, account_ids: Sequence[str]) -> dict[str, int]:
    """What each account owes now, in cents; accounts without a leg are left out."""
    rows = connection.execute(
        "SELECT customer_account_id, sum(cents) FROM posting"
        " WHERE customer_account_id = ANY (%s) AND ledger_account = %s GROUP BY 1",
        [list(account_ids), RECEIVABLE],
    )
    return {account_id: int(cents) for account_id, cents in rows}


def entry_months(entries: Iterable[Entry]) -> set[tuple[str, date]]:
    """The months that entries and their legs fall into, for ``ensure_months``."""
    return {(table, one.effective_day) for one in entries for table in ("entry", "posting")}


def insert_entries(connection: Connection, entries: Sequence[Entry]) -> None:
    """Write entries with their legs; the database writes their keys, and checks them at commit.

    :raises Conflict: if an entry of that name is posted already
    """
    if not entries:
        return
    ids = [one.entry_id for one in entries]
    days = [one.effective_day for one in entries]
    try:
        connection.execute(
            ENTRY,
            [
                ids,
                days,
                [one.learned_at for one in entries],
                [one.cause for one in entries],
                [one.reverses for one in entries],
                [one.booked_day for one in entries],
            ],
        )
    except errors.UniqueViolation as problem:
        detail = problem.diag.message_detail or ""  # Key (entry_id, effective_day)=(X, DAY) …
        named = [one for one in ids if f")=({one})" in detail or f")=({one}, " in detail]
        raise Conflict.of_entry(named[0] if named else ids[0]) from problem
    legs = [(one, number, leg) for one in entries for number, leg in enumerate(one.legs, start=1)]
    connection.execute(
        "INSERT INTO posting"
        " (entry_id, effective_day, number, ledger_account, cents, customer_account_id)"
        " SELECT * FROM unnest(%b::text[], %b::date[], %b::smallint[], %b::text[], %b::bigint[],"
        " %b::text[])",
        [
            [one.entry_id for one, _, _ in legs],
            [one.effective_day for one, _, _ in legs],
            [number for _, number, _ in legs],
            [leg.ledger_account for _, _, leg in legs],
            [leg.cents for _, _, leg in legs],
            [leg.customer_account_id for _, _, leg in legs],
        ],
    )


def _payment(row: tuple[Any, ...]) -> Payment:
    payment_key, account_id, cents, tender, received_day, learned_at = row
    return Payment(payment_key, account_id, cents, Tender(tender), received_day, learned_at)
