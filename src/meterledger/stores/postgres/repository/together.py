"""Which meters of an account come on one bill, on two clocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from psycopg import errors
from psycopg.types.json import Jsonb

from meterledger.facts.places import Agreement
from meterledger.facts.together import BilledTogether
from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Reason
from meterledger.kernel.span import Validity
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, record_day
from meterledger.stores.together_words import (
    AS_ARRANGED,
    billed_past,
    ended,
    moment_after,
    none_goes_on,
    refuse_begin,
    taken,
)

ROWS = (
    "SELECT account_id, agreement_id, joined_agreement, lower(days), upper(days), by, reason,"
    " reasons, lower(known) FROM billed_together WHERE account_id = %(id)s"
)
THEN = "(CASE WHEN %(at)s::timestamptz IS NULL THEN upper_inf(known) ELSE known @> %(at)s END)"
BY_DAY = "ORDER BY lower(days), joined_agreement"
AGREEMENTS = (
    "SELECT agreement_id, account_id, service_point_id, schedule, lower(days), upper(days),"
    " lower(known) FROM agreement WHERE account_id = %s AND upper_inf(known)"
)
BILLED = (
    "SELECT agreement_id, max(upper(days)) FROM service_period_claim"
    " WHERE cancelled_by IS NULL AND agreement_id = ANY (%s) GROUP BY agreement_id"
)


class TogetherTables(Tables):
    """The part of the store that keeps which meters come on one bill."""

    def begin_together(self, rows: Sequence[BilledTogether]) -> None:
        """Keep an arrangement: all its agreements, or none."""
        first = rows[0]

        def work(connection: Connection) -> None:
            # Kept as they are: none of them is taken back until this is written.
            kept = f"{AGREEMENTS} FOR SHARE"
            found = connection.execute(kept, [first.account_id]).fetchall()
            agreements = {row[0]: _agreement(row) for row in found}
            refuse_begin(rows, agreements, believed_together(connection, first.account_id))
            _refuse_billed_past(connection, rows, first.days.from_day)
            for row in rows:
                _insert(connection, row)

        self._arrange("billed together", rows, work)

    def end_together(
        self, account_id: str, last_day_out: date, *, by: str, reason: str, learned_at: datetime
    ) -> list[BilledTogether]:
        """End the arrangements of an account that go on."""
        found: list[BilledTogether] = []
        told: list[BilledTogether] = []
        self._connections.ensure_months([record_day(learned_at)])

        def work(connection: Connection) -> None:
            found.clear()
            told.clear()
            known = [
                one
                for one in believed_together(connection, account_id)
                if one.days.until_day is None or last_day_out < one.days.until_day
            ]
            if not known:
                raise none_goes_on(account_id, last_day_out)
            for old in known:
                _refuse_billed_past(connection, [old], max(last_day_out, old.days.from_day))
                connection.execute(
                    "UPDATE billed_together SET known = tstzrange(lower(known), %s)"
                    " WHERE joined_agreement = %s AND lower(days) = %s AND upper_inf(known)",
                    [moment_after(old, learned_at), old.joined_agreement, old.days.from_day],
                )
                new = ended(old, last_day_out, by, reason, learned_at)
                told.append(replace(new or old, by=by))
                if new is not None:
                    found.append(new)
                    _insert(connection, new)

        self._arrange("billed together no longer", told, work, account_id, learned_at)
        return found

    def together_of_account(
        self, account_id: str, known_at: datetime | None = None
    ) -> list[BilledTogether]:
        """The account's arrangements by first day, as known then or now."""
        rows = self._read(
            lambda connection: connection.execute(
                f"{ROWS} AND {THEN} {BY_DAY}", {"id": account_id, "at": known_at}
            ).fetchall()
        )
        return [_row(row) for row in rows]

    def _arrange(
        self,
        event: str,
        rows: Sequence[BilledTogether],
        work: Callable[[Connection], None],
        account_id: str = "",
        learned_at: datetime | None = None,
    ) -> None:
        account = account_id or rows[0].account_id
        moment = learned_at or rows[0].learned_at
        self._connections.ensure_months([record_day(moment)])

        def step(connection: Connection) -> None:
            work(connection)
            told = {
                "agreements": sorted({one.joined_agreement for one in rows}),
                "with": rows[0].agreement_id,
                "by": rows[0].by,
            }
            self._note(connection, event, [(account, told, moment)])

        try:
            try:
                self._step(event, step)
            except errors.ExclusionViolation:
                # Somebody else was faster between our look and our write: look again, which finds
                # what is there and says it better than the constraint.
                self._step(event, step)
        except errors.ExclusionViolation as problem:
            raise taken(rows[0]) from problem
        except errors.CheckViolation as problem:
            if problem.diag.constraint_name != AS_ARRANGED:
                raise
            raise billed_past("", rows[0].days.until_day or rows[0].days.from_day) from problem


def _refuse_billed_past(connection: Connection, rows: Sequence[BilledTogether], day: date) -> None:
    names = sorted({name for one in rows for name in (one.agreement_id, one.joined_agreement)})
    billed: dict[str, date] = dict(connection.execute(BILLED, [names]).fetchall())
    for name in names:
        if name in billed and day < billed[name]:
            raise billed_past(name, day)


def believed_together(connection: Connection, account_id: str) -> list[BilledTogether]:
    """What is arranged of the account now, kept for this transaction."""
    rows = connection.execute(
        f"{ROWS} AND upper_inf(known) {BY_DAY} FOR UPDATE", {"id": account_id}
    ).fetchall()
    return [_row(row) for row in rows]


def _insert(connection: Connection, one: BilledTogether) -> None:
    told = [{"finding": each.finding, "citation": each.citation.as_json()} for each in one.reasons]
    connection.execute(
        "INSERT INTO billed_together (account_id, agreement_id, joined_agreement, days, by, reason,"
        " reasons, known)"
        " VALUES (%s, %s, %s, daterange(%s, %s), %s, %s, %s, tstzrange(%s, NULL))",
        [
            *(one.account_id, one.agreement_id, one.joined_agreement),
            *(one.days.from_day, one.days.until_day, one.by, one.reason, Jsonb(told)),
            one.learned_at,
        ],
    )


def _agreement(row: Sequence[Any]) -> Agreement:
    name, account, point, schedule, first, out, learned_at = row
    return Agreement(name, account, point, schedule, Validity(first, out), learned_at)


def _row(row: Sequence[Any]) -> BilledTogether:
    account, agreement, joined, first, out, by, reason, reasons, learned_at = row
    return BilledTogether(
        account_id=account,
        agreement_id=agreement,
        joined_agreement=joined,
        days=Validity(first, out),
        by=by,
        reason=reason,
        reasons=tuple(
            Reason(one["finding"], Citation.from_json(one["citation"])) for one in reasons
        ),
        learned_at=learned_at.astimezone(UTC),
    )
