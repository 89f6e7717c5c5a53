"""Rows of receipts, applications and files, and the facts that they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from psycopg import errors

from meterledger.facts.money import Tender
from meterledger.facts.payments import (
    Channel,
    PaymentFile,
    Receipt,
    ReceiptAct,
    ReceiptOnFile,
    ReceiptState,
    ReceiptStep,
    RefusedLine,
    Totals,
)
from meterledger.facts.receivables import Application, ItemKind
from meterledger.stores.postgres.connections import Connection
from meterledger.usecases.payment_ports import Moved

RECEIPT_COLUMNS = (
    "payment_key, account_told, cents, tender, channel, received_day, learned_at, is_mailed,"
    " reference, check_number, file_sha256, line"
)
STEP_COLUMNS = (
    "payment_key, number, act, state, on_day, by, reason, learned_at, entry_id, account_id"
)
APPLICATION_COLUMNS = (
    "application_id, source_entry_id, item_id, kind, account_id, cents, applied_day, learned_at,"
    " undoes"
)
INSERT_APPLICATIONS = f"""
INSERT INTO application ({APPLICATION_COLUMNS})
SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::bigint[],
                     %b::date[], %b::timestamptz[], %b::text[])
"""
FILE_COLUMNS = (
    "sha256, name, profile, deposited_day, received_count, received_cents, posted_count,"
    " posted_cents, unapplied_count, unapplied_cents, refused_count, refused_cents, by, learned_at"
)
RECEIPTS = f"""
SELECT {", ".join("r." + one.strip() for one in RECEIPT_COLUMNS.split(","))}, steps.found
  FROM receipt r
  JOIN LATERAL (
       SELECT json_agg(json_build_array(s.number, s.act, s.state, s.on_day, s.by, s.reason,
                                        s.learned_at, s.entry_id, s.account_id)
                       ORDER BY s.number) AS found
         FROM receipt_step s WHERE s.payment_key = r.payment_key
       ) steps ON steps.found IS NOT NULL
"""


def receipt_on_file(row: tuple[Any, ...]) -> ReceiptOnFile:
    """A row of ``RECEIPTS``."""
    key, told, cents, tender, channel, day, learned_at, mailed, reference, check, sha, line = row[
        :12
    ]
    receipt = Receipt(
        payment_key=key,
        account_told=told,
        cents=cents,
        tender=Tender(tender),
        channel=Channel(channel),
        received_day=day,
        learned_at=learned_at,
        is_mailed=mailed,
        reference=reference,
        check_number=check,
        file_sha256=sha,
        line=line,
    )
    return ReceiptOnFile(receipt, tuple(_step(key, step) for step in row[12]))


def _step(key: str, told: list[Any]) -> ReceiptStep:
    number, act, state, on, by, reason, learned_at, entry_id, account_id = told
    return ReceiptStep(
        payment_key=key,
        number=number,
        act=ReceiptAct(act),
        state=ReceiptState(state),
        on=date.fromisoformat(on),
        by=by,
        reason=reason,
        learned_at=datetime.fromisoformat(learned_at).astimezone(UTC),
        entry_id=entry_id,
        account_id=account_id,
    )


def application_of(row: tuple[Any, ...]) -> Application:
    """A row of ``APPLICATION_COLUMNS``."""
    name, source, item, kind, account, cents, day, learned_at, undoes = row
    return Application(name, source, item, ItemKind(kind), account, cents, day, learned_at, undoes)


def insert_applications(connection: Connection, applied: Sequence[Application]) -> None:
    """Keep applications. :raises Moved: if the place of one at its item is taken"""
    if not applied:
        return
    try:
        connection.execute(
            INSERT_APPLICATIONS,
            [
                [one.application_id for one in applied],
                [one.source_entry_id for one in applied],
                [one.item_id for one in applied],
                [one.kind.value for one in applied],
                [one.account_id for one in applied],
                [one.cents for one in applied],
                [one.applied_day for one in applied],
                [one.learned_at for one in applied],
                [one.undoes for one in applied],
            ],
        )
    except errors.UniqueViolation as problem:
        raise Moved.meanwhile(f"account {applied[0].account_id}") from problem


def later_days(told: Sequence[tuple[str, str]] | None) -> tuple[tuple[datetime, date], ...]:
    """When documents of a bill that went out late were made, each with its due day, in order."""
    found = ((datetime.fromisoformat(at).astimezone(UTC), day) for at, day in told or ())
    return tuple(sorted((at, date.fromisoformat(day)) for at, day in found))


def payment_file_of(row: tuple[Any, ...], lines: tuple[RefusedLine, ...]) -> PaymentFile:
    """A row of ``FILE_COLUMNS``, with the file's refused lines."""
    sha256, name, profile, day, *numbers, by, learned_at = row
    received, posted, unapplied, refused = (Totals(*numbers[at : at + 2]) for at in (0, 2, 4, 6))
    return PaymentFile(
        sha256=sha256,
        name=name,
        profile=profile,
        deposited_day=day,
        received=received,
        posted=posted,
        unapplied=unapplied,
        refused=refused,
        by=by,
        learned_at=learned_at,
        refused_lines=lines,
    )
