"""What a change of payment channels inserts, table by table; refusals in the store's words.

Lives here      rows of a change, in the order in which they refer to each other.
Lives elsewhere the transaction, and reading them back (``channels``, ``channel_reads``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from psycopg import errors
from psycopg.types.range import DateRange, TimestamptzRange

from meterledger.facts.ach_orders import Enrollment
from meterledger.facts.bank import Expectation
from meterledger.stores.channel_words import another_unknown, enrolled, taken
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import storable
from meterledger.usecases.channel_ports import ChannelChange
from meterledger.usecases.payment_ports import Moved
from meterledger.usecases.ports import NotFound

BANKS = (
    "bank_id, account_id, holder, routing_number, kind, last_four, fingerprint, sealed, learned_at,"
    " replaces, from_day"
)
STOPS = "account_id, fingerprint, kind, code, on_day, learned_at"
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
ENROLLMENT = "enrollment_id, account_id, bank_id, standard, days, most_cents, authorized, by, known"
Rows = tuple[str, str, list[Sequence[Any]]]


def rows_of(change: ChannelChange) -> Iterable[Rows]:
    """What is inserted where, what others refer to first."""
    yield (
        "bank_account",
        BANKS,
        [
            (
                *(one.bank_id, one.account_id, storable(one.holder), one.routing_number),
                *(one.kind.value, one.last_four, one.fingerprint, one.sealed, one.learned_at),
                *(one.replaces, one.from_day),
            )
            for one in change.bank_accounts
        ],
    )
    yield (
        "bank_change_told",
        "bank_id, by, how, learned_at",
        [
            (one.bank_id, storable(one.by), storable(one.how), one.learned_at)
            for one in change.changes_told
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
        [enrollment_row(one, one.learned_at) for one in change.enrollments],
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
        "ach_return_done",
        "returned_id, on_day, by, reason, learned_at",
        [
            (one.returned_id, one.on, storable(one.by), storable(one.reason), one.learned_at)
            for one in change.returns_done
        ],
    )
    yield (
        "autopay_question",
        "bill_id, account_id, on_day, cents, reasons, learned_at, number",
        [
            (
                *(one.bill_id, one.account_id, one.on, one.cents, list(one.reasons)),
                *(one.learned_at, one.number),
            )
            for one in change.questions
        ],
    )
    yield (
        "autopay_answer",
        "bill_id, is_drawn, by, reason, learned_at, number",
        [
            (
                *(one.bill_id, one.is_drawn, storable(one.by), storable(one.reason)),
                *(one.learned_at, one.number),
            )
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
        " sentence, learned_at, by, payment_key, paid_day"
    )
    yield (
        "checkout_step",
        steps,
        [
            (
                *(one.checkout_id, one.number, one.heard_by.value, one.answer.said.value),
                *(one.answer.cents, one.answer.sequence, storable(one.answer.reference)),
                *(storable(one.answer.redirect), one.state.value, storable(one.sentence)),
                *(one.learned_at, storable(one.by), one.payment_key, one.answer.paid_on),
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
    yield lines_expected(change.expectations, change.learned_at)


def lines_expected(lines: Iterable[Expectation], learned_at: datetime) -> Rows:
    """What is inserted of lines that the bank should show."""
    return (
        "expected_bank_line",
        f"{EXPECTED}, learned_at",
        [
            (
                *(one.expectation_id, one.ledger_account, one.day, one.cents, storable(one.cause)),
                *(storable(one.reference), one.batch, learned_at),
            )
            for one in lines
        ],
    )


def enrollment_row(one: Enrollment, learned_at: Any) -> Sequence[Any]:
    """An enrollment as believed from an instant on."""
    return (
        *(one.enrollment_id, one.account_id, one.bank_id, one.standard.value),
        DateRange(one.days.from_day, one.days.until_day),
        *(one.most_cents, storable(one.authorized), storable(one.by)),
        TimestamptzRange(learned_at, None),
    )


def refuse_unknown_accounts(connection: Connection, change: ChannelChange) -> None:
    """New rows are of accounts that are known. :raises NotFound:"""
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


def insert_rows(
    connection: Connection, table: str, columns: str, rows: Sequence[Sequence[Any]]
) -> None:
    """Insert rows of one table. :raises Conflict: :raises Moved:"""
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
    "bank_change_told": "word to the customer of bank account",
    "bank_account": "a bank account",
    "bank_stop": "a stop",
    "autopay_enrollment": "an enrollment",
    "ach_order": "an order",
    "ach_returned": "a returned entry",
    "ach_return_done": "an end of returned entry",
    "autopay_question": "a question of bill",
    "autopay_answer": "an answer for bill",
    "checkout": "a checkout",
    "pledge": "a pledge",
    "expected_bank_line": "an expectation",
}
