"""Facts of agreements that were entered wrong and are put right, with who said so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from psycopg import errors

from meterledger.facts.corrections import LeftDifference, PutRight, Rebill, WrongFact
from meterledger.facts.places import AccountHolder, Agreement, MeterInstallation, TaxPlace
from meterledger.facts.taxes import SalesTaxPlace
from meterledger.stores.believed import (
    Believed,
    believed_agreements,
    believed_holders,
    believed_installations,
    believed_tax_places,
    learned_after,
)
from meterledger.stores.correction_words import refuse_learned_since
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, record_day
from meterledger.stores.postgres.repository.cycles import PUT_NOW
from meterledger.stores.postgres.repository.dated import (
    TABLES,
    columns_of,
    fact_of,
    keep_dated,
)
from meterledger.stores.postgres.repository.places import believed_agreement
from meterledger.stores.put_right_words import (
    as_put_right,
    began_with_it,
    refuse_billed,
    refuse_other_cycle,
)
from meterledger.stores.taxed import believed_sales_tax_places
from meterledger.usecases.ports import Conflict, NotFound

COLUMNS = "agreement_id, account_id, fact, was, is_now, author, reason, learned_at"
FACTS = {one.name.lower(): one for one in WrongFact}


class PutRightTables(Tables):
    """The part of the store that believes other facts of an agreement."""

    def put_right(self, right: PutRight, left: Sequence[LeftDifference] = ()) -> None:
        """Believe the fact as it is put right, and leave bills as they are; both or neither.

        :raises NotFound: if no such agreement, or bill to leave, is known
        :raises Conflict: if the fact was changed meanwhile, or a first day is billed or taken
        """
        instants = [right.learned_at, *(one.learned_at for one in left)]
        self._connections.ensure_months([record_day(one) for one in instants])

        def work(connection: Connection) -> None:
            billed = connection.execute(
                "SELECT min(lower(days)) FROM service_period_claim"
                " WHERE agreement_id = %s AND cancelled_by IS NULL",
                [right.agreement_id],
            ).fetchone()
            as_put_right(believed_agreement(connection, right.agreement_id)[1], right)
            refuse_billed(right, billed[0] if billed else None)
            self._believe_right(connection, right)
            for one in left:
                self._leave(connection, one)

        try:
            self._step("put an agreement right", work)
        except errors.ExclusionViolation as problem:
            raise _taken(right) from problem
        except errors.ForeignKeyViolation as problem:
            if problem.diag.constraint_name != "left_of_a_bill" or not left:
                raise
            raise NotFound.of("bill", left[0].bill_id) from problem

    def _believe_right(
        self, connection: Connection, right: PutRight, bill: Rebill | None = None
    ) -> None:
        """Believe it, with a bill made again or alone."""
        _, old, _, newest = believed_agreement(connection, right.agreement_id)
        new = as_put_right(old, right)
        moved = [(old, new), *_told_with_it(connection, old, right)]
        known = [one.learned_at for one, _ in moved]
        if right.fact is WrongFact.CYCLE:
            known = [*known, *_refuse_other_cycle(connection, right)]
        moment = learned_after(right.learned_at, newest, *known)
        if bill is not None:
            refuse_learned_since(bill, moment)
        if right.fact is not WrongFact.CYCLE:
            for before, after in moved:
                _move(connection, before, after, moment)
        told = replace(right, learned_at=moment)
        connection.execute(
            f"INSERT INTO agreement_put_right ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                told.agreement_id,
                told.account_id,
                told.fact.name.lower(),
                told.was,
                told.is_now,
                told.author.strip(),
                told.reason.strip(),
                told.learned_at,
            ],
        )
        noted = {
            "agreement": told.agreement_id,
            "fact": told.fact.value,
            "was": told.was,
            "is_now": told.is_now,
            "by": told.author.strip(),
        }
        self._note(connection, "agreement put right", [(told.account_id, noted, moment)])

    def put_rights(self, account_id: str) -> list[PutRight]:
        """What was put right of the account's agreements, oldest first, by whom and why."""
        rows = self._read(
            lambda connection: connection.execute(
                f"SELECT {COLUMNS} FROM agreement_put_right WHERE account_id = %s"
                " ORDER BY learned_at, agreement_id",
                [account_id],
            ).fetchall()
        )
        return [
            PutRight(agreement, account, FACTS[fact], *told)
            for agreement, account, fact, *told in rows
        ]

    def _leave(self, connection: Connection, left: LeftDifference) -> bool:
        raise NotImplementedError  # the store beside this part keeps them


def _refuse_other_cycle(connection: Connection, right: PutRight) -> list[datetime]:
    """When the cycle was put right before. :raises Conflict: if it is another one by now"""
    row = connection.execute(
        f"SELECT coalesce(k.cycle, a.cycle) FROM account a"
        f" LEFT JOIN ({PUT_NOW}) k ON k.account_id = a.account_id WHERE a.account_id = %s",
        [right.account_id],
    ).fetchone()
    refuse_other_cycle("" if row is None else str(row[0]), right)
    rows = connection.execute(
        "SELECT max(learned_at) FROM agreement_put_right WHERE account_id = %s",
        [right.account_id],
    ).fetchall()
    return [one for (one,) in rows if one is not None]


def _told_with_it(connection: Connection, old: Agreement, right: PutRight) -> list[tuple[Any, Any]]:
    """What began with the agreement and begins earlier with it."""
    if right.fact is not WrongFact.FIRST_DAY:
        return []
    row = connection.execute(
        "SELECT premise_id FROM service_point WHERE service_point_id = %s", [old.service_point_id]
    ).fetchone()
    premise = row[0] if row else ""
    asked: tuple[tuple[type[Any], str, str], ...] = (
        (AccountHolder, "account_id", old.account_id),
        (TaxPlace, "premise_id", premise),
        (SalesTaxPlace, "premise_id", premise),
        (MeterInstallation, "service_point_id", old.service_point_id),
    )
    found: list[tuple[Any, Any]] = []
    for kind, key, value in asked:
        rows = connection.execute(
            f"SELECT {', '.join(columns_of(kind))}, lower(days), upper(days), lower(known)"
            f" FROM {TABLES[kind]} WHERE {key} = %s AND upper_inf(known) AND lower(days) = %s",
            [value, right.was],
        ).fetchall()
        found += began_with_it([fact_of(kind, told) for told in rows], right)
    return found


def _move(connection: Connection, before: Any, after: Any, moment: datetime) -> None:
    """Believe ``after`` in the place of ``before``. :raises Conflict: if its days are taken"""
    kind = type(before)
    believed, names = BELIEVED[kind]
    found = " AND ".join(f"{name} = %s" for name in names)
    connection.execute(
        f"UPDATE {TABLES[kind]} SET known = tstzrange(lower(known), %s)"
        f" WHERE upper_inf(known) AND lower(days) = %s AND {found}",
        [moment, before.days.from_day, *(getattr(before, name) for name in names)],
    )
    asked = {name: [getattr(after, name)] for name in names}
    keep_dated(connection, [replace(after, learned_at=moment)], believed(), asked)


BELIEVED: dict[type[Any], tuple[Callable[[], Believed[Any]], tuple[str, ...]]] = {
    Agreement: (believed_agreements, ("service_point_id", "agreement_id")),
    AccountHolder: (believed_holders, ("account_id", "person_id")),
    TaxPlace: (believed_tax_places, ("premise_id",)),
    SalesTaxPlace: (believed_sales_tax_places, ("premise_id",)),
    MeterInstallation: (believed_installations, ("service_point_id", "meter_id")),
}
"""What may not hold twice on a day of each kind, and by which columns it is found."""


def _taken(right: PutRight) -> Conflict:
    return Conflict(
        f"Another record holds on days from {right.is_now} on",
        where=f"agreement {right.agreement_id}",
        why="Somebody else was faster, and nothing of this call was kept",
        do="Look at the place with `meterledger service show`, and do it again",
    )
