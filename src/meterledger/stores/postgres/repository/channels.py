"""Banks, checkouts and pledges in PostgreSQL: a change whole, in one transaction.

Lives here      writing a change, and reads of banks and of what is expected.
Lives elsewhere reads of checkouts and pledges (``channel_reads``), receipts (``payments``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date
from typing import Any

from psycopg import errors
from psycopg.types.range import DateRange, TimestamptzRange

from meterledger.facts.ach import AchStandard, BankAccountKind
from meterledger.facts.ach_orders import (
    AchOrder,
    AutopayQuestion,
    BankAccount,
    BankStop,
    Enrollment,
    OrderKind,
    ReturnAct,
    ReturnedEntry,
    SentEntry,
    SentFile,
    StopKind,
)
from meterledger.facts.bank import Expectation
from meterledger.kernel.span import Validity
from meterledger.stores.channel_words import another_unknown, enrolled, not_enrolled, taken
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import record_day, storable
from meterledger.stores.postgres.repository.channel_reads import ChannelReads
from meterledger.stores.postgres.repository.ledger import entry_months
from meterledger.stores.postgres.repository.payments import PaymentTables
from meterledger.usecases.channel_ports import ChannelChange
from meterledger.usecases.payment_ports import Moved
from meterledger.usecases.ports import NotFound

BANKS = (
    "bank_id, account_id, holder, routing_number, kind, last_four, fingerprint, sealed, learned_at"
)
STOPS = "account_id, fingerprint, kind, code, on_day, learned_at"
ENROLLED = (
    "enrollment_id, account_id, bank_id, standard, lower(days), upper(days), most_cents,"
    " authorized, by, lower(known)"
)
ORDERS = (
    "order_id, kind, account_id, bank_id, cents, on_day, standard, description, cause, attempt,"
    " learned_at"
)
FILES = (
    "file_id, created_day, modifier, effective_day, bank_routing, company_id, company_name,"
    " bank_name, debit_cents, credit_cents, learned_at"
)
RETURNED = (
    "returned_id, file_sha256, trace, original_trace, order_id, code, act, cents, on_day, sentence,"
    " learned_at, corrected"
)
EXPECTED = "expectation_id, ledger_account, day, cents, cause, reference, batch"
DUE = """
SELECT e.enrollment_id, e.account_id, e.bank_id, e.standard, lower(e.days), upper(e.days),
       e.most_cents, e.authorized, e.by, lower(e.known), b.bill_id
  FROM autopay_enrollment e
  JOIN bill b ON b.account_id = e.account_id AND b.due_day = %s
  JOIN service_period_claim c ON c.bill_id = b.bill_id AND c.cancelled_by IS NULL
 WHERE upper_inf(e.known) AND e.days @> %s
 ORDER BY b.bill_id
"""
"""Live bills that are due, of accounts on autopay that day."""


class ChannelTables(ChannelReads, PaymentTables):
    """The part of the store that keeps payment channels."""

    def keep_channel(self, change: ChannelChange) -> None:
        """Keep all of a change in one transaction."""
        months = {record_day(change.learned_at)}
        for posting in (*change.receipts, *change.receipt_steps):
            months |= {record_day(posting.step.learned_at)} | entry_months(posting.entries)
        self._connections.ensure_months(months)
        self._step(change.event, lambda one: self._keep_change(one, change))

    def _keep_change(self, connection: Connection, change: ChannelChange) -> None:
        if change.receipts or change.payment_file is not None:
            self._post_all(connection, change.receipts, change.payment_file)
        for posting in change.receipt_steps:
            self._settle(connection, posting)
        _refuse_unknown_accounts(connection, change)
        for old in change.ended:
            self._end_enrollment(connection, old)
        for table, columns, rows in _rows(change):
            _insert(connection, table, columns, rows)
        self._note(connection, change.event, [(change.subject, {}, change.learned_at)])

    @staticmethod
    def _end_enrollment(connection: Connection, one: Enrollment) -> None:
        closed = connection.execute(
            "UPDATE autopay_enrollment SET known = tstzrange(lower(known), greatest(%s,"
            " lower(known) + interval '1 microsecond'))"
            " WHERE enrollment_id = %s AND upper_inf(known) RETURNING upper(known)",
            [one.learned_at, one.enrollment_id],
        ).fetchone()
        if closed is None:
            raise not_enrolled(one.account_id)
        _insert(connection, "autopay_enrollment", ENROLLMENT, [_enrollment_row(one, closed[0])])

    def bank_accounts(self, account_ids: Collection[str]) -> list[BankAccount]:
        """Bank accounts of customers, the oldest first."""
        rows = self._ask(
            f"SELECT {BANKS} FROM bank_account WHERE account_id = ANY (%s)"
            " ORDER BY learned_at, bank_id",
            [list(account_ids)],
        )
        return [
            BankAccount(
                *(bank, account, holder, routing, BankAccountKind(kind), four, print_),
                *(bytes(sealed), at.astimezone(UTC)),
            )
            for bank, account, holder, routing, kind, four, print_, sealed, at in rows
        ]

    def bank_stops(self, account_ids: Collection[str]) -> list[BankStop]:
        """What stops bank accounts of customers, the oldest first."""
        rows = self._ask(
            f"SELECT {STOPS} FROM bank_stop WHERE account_id = ANY (%s)"
            " ORDER BY learned_at, fingerprint, code",
            [list(account_ids)],
        )
        return [
            BankStop(account, print_, StopKind(kind), code, on, at.astimezone(UTC))
            for account, print_, kind, code, on, at in rows
        ]

    def enrollments(
        self, *, account_ids: Collection[str] | None = None, on: date | None = None
    ) -> list[Enrollment]:
        """Enrollments as known now."""
        rows = self._ask(
            f"SELECT {ENROLLED} FROM autopay_enrollment WHERE upper_inf(known)"
            " AND (%(ids)s::text[] IS NULL OR account_id = ANY (%(ids)s))"
            " AND (%(on)s::date IS NULL OR days @> %(on)s::date)"
            " ORDER BY account_id, lower(days)",
            {"ids": None if account_ids is None else list(account_ids), "on": on},
        )
        return list(map(_enrollment, rows))

    def autopay_due(self, day: date) -> list[tuple[Enrollment, str]]:
        """Live bills due on the day whose account is enrolled on it, by bill."""
        return [(_enrollment(row[:-1]), row[-1]) for row in self._ask(DUE, [day, day])]

    def ach_orders(self, order_ids: Collection[str]) -> dict[str, AchOrder]:
        """Orders by their id."""
        rows = self._ask(
            f"SELECT {ORDERS} FROM ach_order WHERE order_id = ANY (%s)", [list(order_ids)]
        )
        return {one.order_id: one for one in map(_order, rows)}

    def orders_to_send(self, until: date) -> list[AchOrder]:
        """Orders of days up to ``until`` that are in no file and not dropped."""
        rows = self._ask(
            f"SELECT {ORDERS} FROM ach_order o WHERE on_day <= %s AND NOT EXISTS"
            " (SELECT FROM ach_order_end e WHERE e.order_id = o.order_id) ORDER BY order_id",
            [until],
        )
        return list(map(_order, rows))

    def ach_files(self, *, limit: int = 100) -> list[SentFile]:
        """Files that were made, the newest first."""
        return self._files("true", "ORDER BY file_id DESC LIMIT %(limit)s", {"limit": limit})

    def ach_file(self, file_id: str) -> SentFile:
        """A file that was made."""
        found = self._files("file_id = %(file)s", "", {"file": file_id})
        if not found:
            raise NotFound.of("file of entries", file_id)
        return found[0]

    def _files(self, where: str, order: str, values: dict[str, Any]) -> list[SentFile]:
        rows = self._ask(f"SELECT {FILES} FROM ach_file WHERE {where} {order}", values)
        entries: dict[str, list[SentEntry]] = {}
        for file_id, trace, order_id in self._ask(
            "SELECT file_id, trace, order_id FROM ach_order_end WHERE file_id = ANY (%s)"
            " ORDER BY file_id, trace",
            [[row[0] for row in rows]],
        ):
            entries.setdefault(file_id, []).append(SentEntry(file_id, trace, order_id))
        return [_file(row, tuple(entries.get(row[0], ()))) for row in rows]

    def sent_count(self) -> int:
        """How many entries were sent in all files."""
        ((count,),) = self._ask("SELECT count(*) FROM ach_order_end WHERE file_id IS NOT NULL", [])
        return int(count)

    def sent_under(self, traces: Collection[str]) -> dict[str, SentEntry]:
        """What was sent under trace numbers; the newest where one was used again."""
        rows = self._ask(
            "SELECT file_id, trace, order_id FROM ach_order_end WHERE trace = ANY (%s)"
            " AND file_id IS NOT NULL ORDER BY file_id",
            [list(traces)],
        )
        return {trace: SentEntry(file_id, trace, order) for file_id, trace, order in rows}

    def returned_entries(
        self, *, order_ids: Collection[str] | None = None, file_sha256: str | None = None
    ) -> list[ReturnedEntry]:
        """What came back, the oldest first."""
        rows = self._ask(
            f"SELECT {RETURNED} FROM ach_returned"
            " WHERE (%(ids)s::text[] IS NULL OR order_id = ANY (%(ids)s))"
            " AND (%(file)s::text IS NULL OR file_sha256 = %(file)s)"
            " ORDER BY learned_at, returned_id",
            {"ids": None if order_ids is None else list(order_ids), "file": file_sha256},
        )
        return list(map(_returned, rows))

    def autopay_questions(self) -> list[AutopayQuestion]:
        """Bills that wait for a person, the oldest first."""
        rows = self._ask(
            "SELECT bill_id, account_id, on_day, cents, reasons, learned_at FROM autopay_question q"
            " WHERE NOT EXISTS (SELECT FROM autopay_answer a WHERE a.bill_id = q.bill_id)"
            " ORDER BY on_day, bill_id",
            [],
        )
        return [
            AutopayQuestion(bill, account, on, cents, tuple(reasons), at.astimezone(UTC))
            for bill, account, on, cents, reasons, at in rows
        ]

    def expected_bank_lines(self, from_day: date, until_day: date) -> list[Expectation]:
        """What our bank statement should show on the days, by day."""
        rows = self._ask(
            f"SELECT {EXPECTED} FROM expected_bank_line WHERE day >= %s AND day < %s"
            " ORDER BY day, expectation_id",
            [from_day, until_day],
        )
        return [Expectation(*row) for row in rows]


ENROLLMENT = "enrollment_id, account_id, bank_id, standard, days, most_cents, authorized, by, known"
Rows = tuple[str, str, list[Sequence[Any]]]


def _rows(change: ChannelChange) -> Iterable[Rows]:
    """What is inserted where, what others refer to first."""
    yield (
        "bank_account",
        BANKS,
        [
            (
                *(one.bank_id, one.account_id, storable(one.holder), one.routing_number),
                *(one.kind.value, one.last_four, one.fingerprint, one.sealed, one.learned_at),
            )
            for one in change.bank_accounts
        ],
    )
    yield (
        "bank_stop",
        STOPS,
        [
            (one.account_id, one.fingerprint, one.kind.value, one.code, one.on, one.learned_at)
            for one in change.stops
        ],
    )
    yield (
        "autopay_enrollment",
        ENROLLMENT,
        [_enrollment_row(one, one.learned_at) for one in change.enrollments],
    )
    yield (
        "ach_order",
        ORDERS,
        [
            (
                *(one.order_id, one.kind.value, one.account_id, one.bank_id, one.cents, one.on),
                *(one.standard.value, one.description, one.cause, one.attempt, one.learned_at),
            )
            for one in change.orders
        ],
    )
    yield (
        "ach_file",
        FILES,
        [
            (
                *(one.file_id, one.created_day, one.modifier, one.effective_day, one.bank_routing),
                *(one.company_id, one.company_name, one.bank_name, one.debit_cents),
                *(one.credit_cents, one.learned_at),
            )
            for one in change.sent
        ],
    )
    ends = "order_id, file_id, trace, on_day, reason, learned_at"
    yield (
        "ach_order_end",
        ends,
        [
            *(
                (one.order_id, one.file_id, one.trace, None, "", file.learned_at)
                for file in change.sent
                for one in file.entries
            ),
            *(
                (one.order_id, None, "", one.on, one.reason, one.learned_at)
                for one in change.dropped
            ),
        ],
    )
    yield (
        "ach_returned",
        RETURNED,
        [
            (
                *(one.returned_id, one.file_sha256, one.trace, one.original_trace, one.order_id),
                *(one.code, one.act.value, one.cents, one.on, storable(one.sentence)),
                *(one.learned_at, storable(one.corrected)),
            )
            for one in change.returned
        ],
    )
    yield (
        "autopay_question",
        "bill_id, account_id, on_day, cents, reasons, learned_at",
        [
            (one.bill_id, one.account_id, one.on, one.cents, list(one.reasons), one.learned_at)
            for one in change.questions
        ],
    )
    yield (
        "autopay_answer",
        "bill_id, is_drawn, by, reason, learned_at",
        [
            (one.bill_id, one.is_drawn, storable(one.by), storable(one.reason), one.learned_at)
            for one in change.answered
        ],
    )
    yield (
        "checkout",
        "checkout_id, account_id, cents, tender, started_at, processor",
        [
            (
                *(one.checkout_id, one.account_id, one.cents, one.tender.value),
                *(one.started_at, one.processor),
            )
            for one in change.checkouts
        ],
    )
    steps = (
        "checkout_id, number, heard_by, said, cents, sequence, reference, redirect, state,"
        " sentence, learned_at, by, payment_key"
    )
    yield (
        "checkout_step",
        steps,
        [
            (
                *(one.checkout_id, one.number, one.heard_by.value, one.answer.said.value),
                *(one.answer.cents, one.answer.sequence, storable(one.answer.reference)),
                *(storable(one.answer.redirect), one.state.value, storable(one.sentence)),
                *(one.learned_at, storable(one.by), one.payment_key),
            )
            for one in change.checkout_steps
        ],
    )
    pledge = (
        "pledge_id, account_id, agency, cents, for_items, promised_day, expires_day, by, learned_at"
    )
    yield (
        "pledge",
        pledge,
        [
            (
                *(one.pledge_id, one.account_id, storable(one.agency), one.cents),
                *(list(one.for_items), one.promised_day, one.expires_day, storable(one.by)),
                one.learned_at,
            )
            for one in change.pledges
        ],
    )
    given = "pledge_id, number, act, on_day, cents, by, reason, learned_at, payment_key"
    yield (
        "pledge_step",
        given,
        [
            (
                *(one.pledge_id, one.number, one.act.value, one.on, one.cents, storable(one.by)),
                *(storable(one.reason), one.learned_at, one.payment_key),
            )
            for one in change.pledge_steps
        ],
    )
    yield (
        "expected_bank_line",
        f"{EXPECTED}, learned_at",
        [
            (
                *(one.expectation_id, one.ledger_account, one.day, one.cents, storable(one.cause)),
                *(storable(one.reference), one.batch, change.learned_at),
            )
            for one in change.expectations
        ],
    )


def _enrollment_row(one: Enrollment, learned_at: Any) -> Sequence[Any]:
    return (
        *(one.enrollment_id, one.account_id, one.bank_id, one.standard.value),
        DateRange(one.days.from_day, one.days.until_day),
        *(one.most_cents, storable(one.authorized), storable(one.by)),
        TimestamptzRange(learned_at, None),
    )


def _refuse_unknown_accounts(connection: Connection, change: ChannelChange) -> None:
    accounts = [one.account_id for one in change.enrollments]
    accounts += [one.account_id for one in change.checkouts]
    accounts += [one.account_id for one in change.pledges]
    unknown = connection.execute(
        "SELECT n.account_id FROM unnest(%b::text[]) AS n (account_id)"
        " WHERE NOT EXISTS (SELECT FROM account a WHERE a.account_id = n.account_id) LIMIT 1",
        [accounts],
    ).fetchone()
    if unknown is not None:
        raise NotFound.of("account", unknown[0])


STEPS = frozenset({"checkout_step", "pledge_step", "ach_order_end", "ach_file"})
"""Tables in which a second row means that somebody else was first."""


def _insert(
    connection: Connection, table: str, columns: str, rows: Sequence[Sequence[Any]]
) -> None:
    if not rows:
        return
    places = ", ".join(["%s"] * len(columns.split(",")))
    try:
        with connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)
    except errors.UniqueViolation as problem:
        # The database does not tell which: rows of customers are not named in its errors.
        name = ", ".join(str(row[0]) for row in rows[:3])
        if problem.diag.constraint_name == "one_unknown_checkout":
            raise another_unknown(str(rows[0][1])) from problem
        if table in STEPS:
            raise Moved.meanwhile(f"{table.replace('_', ' ')} {name}") from problem
        raise taken(NOUNS[table], name) from problem
    except errors.ExclusionViolation as problem:
        raise enrolled(str(rows[0][1])) from problem


NOUNS = {
    "bank_account": "a bank account",
    "bank_stop": "a stop",
    "autopay_enrollment": "an enrollment",
    "ach_order": "an order",
    "ach_returned": "a returned entry",
    "autopay_question": "a question of bill",
    "autopay_answer": "an answer for bill",
    "checkout": "a checkout",
    "pledge": "a pledge",
    "expected_bank_line": "an expectation",
}


def _enrollment(row: Sequence[Any]) -> Enrollment:
    name, account, bank, standard, first, out, most, authorized, by, at = row
    days = Validity(first, out)
    return Enrollment(
        *(name, account, bank, AchStandard(standard), days, most, authorized, by),
        at.astimezone(UTC),
    )


def _order(row: Sequence[Any]) -> AchOrder:
    name, kind, account, bank, cents, on, standard, said, cause, attempt, at = row
    return AchOrder(
        *(name, OrderKind(kind), account, bank, cents, on, AchStandard(standard), said, cause),
        *(attempt, at.astimezone(UTC)),
    )


def _file(row: Sequence[Any], entries: tuple[SentEntry, ...]) -> SentFile:
    name, created, modifier, effective, routing, company, us, bank, debits, credits_, at = row
    return SentFile(
        *(name, created, modifier, effective, routing, company, us, bank, debits, credits_),
        *(at.astimezone(UTC), entries),
    )


def _returned(row: Sequence[Any]) -> ReturnedEntry:
    name, file, trace, original, order, code, act, cents, on, said, at, corrected = row
    return ReturnedEntry(
        *(name, file, trace, original, order, code, ReturnAct(act), cents, on, said),
        *(at.astimezone(UTC), corrected),
    )
