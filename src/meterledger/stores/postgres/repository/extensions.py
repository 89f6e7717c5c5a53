"""Contracts of extensions in PostgreSQL: one transaction a call, order and sums by triggers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any

from psycopg import errors
from psycopg.types.json import Jsonb

from meterledger.facts.extensions import (
    ContributionTerms,
    DepositTerms,
    ExtensionAct,
    ExtensionContract,
    ExtensionEvent,
    ExtensionOnFile,
    FacilityTerms,
    GuaranteeTerms,
)
from meterledger.kernel.ensure import ensure
from meterledger.stores.believed import contents
from meterledger.stores.extension_words import (
    DEPOSITOR,
    ONCE,
    ONCE_ANYWHERE,
    OVERDRAWN,
    UNDOES,
    done_elsewhere,
    no_extension,
    not_standing,
    of_other_contents,
    overdrawn,
    refuse_work,
)
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import record_day
from meterledger.stores.postgres.repository.ledger import (
    LedgerTables,
    entry_months,
    insert_entries,
)
from meterledger.stores.settlement_words import no_payee
from meterledger.usecases.extension_ports import ExtensionMoved, ExtensionWork
from meterledger.usecases.ports import Conflict, NotFound

CONTRACT_COLUMNS = (
    "contract_id, account_id, requested_day, by, terms, record, learned_at, depositor_id"
)
EVENT_COLUMNS = (
    "contract_id, number, event_key, act, on_day, about, cents, advance_cents, by, reason, data,"
    " record, learned_at"
)
PARTS: dict[str, type[Any]] = {
    "deposit": DepositTerms,
    "guarantee": GuaranteeTerms,
    "contribution": ContributionTerms,
    "facility": FacilityTerms,
}


class ExtensionTables(LedgerTables):
    """The part of the store that keeps contracts of extensions."""

    def open_extension(self, contract: ExtensionContract) -> bool:
        """Keep a contract; False if it is known with the same contents."""
        self._connections.ensure_months([record_day(contract.learned_at)])

        def write(connection: Connection) -> bool:
            new = connection.execute(
                f"INSERT INTO extension_contract ({CONTRACT_COLUMNS})"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (contract_id) DO NOTHING",
                [
                    contract.contract_id,
                    contract.account_id,
                    contract.requested_day,
                    contract.by,
                    Jsonb(_told(contract)),
                    contract.record,
                    contract.learned_at,
                    contract.depositor or None,
                ],
            ).rowcount
            if not new:
                (known,) = _on_file(connection, contract_id=contract.contract_id)
                if contents(known.contract) != contents(contract):
                    raise of_other_contents(contract.contract_id)
                return False
            told = {"account": contract.account_id}
            self._note(
                connection,
                "extension opened",
                [(contract.contract_id, told, contract.learned_at)],
            )
            return True

        try:
            return self._step("open an extension", write)
        except errors.ForeignKeyViolation as problem:
            if problem.diag.constraint_name == DEPOSITOR:
                raise no_payee(contract.depositor) from problem
            raise NotFound.of("account", contract.account_id) from problem

    def record_extension(self, work: ExtensionWork) -> None:
        """Keep events of one contract with their entries and payment."""
        contract_id = work.events[0].contract_id
        days = {record_day(one.learned_at) for one in work.events} | entry_months(work.entries)
        self._connections.ensure_months(days)

        def write(connection: Connection) -> None:
            found = _on_file(connection, contract_id=contract_id)
            if not found:
                raise no_extension(contract_id)
            refuse_work(found[0], work)
            if work.payment is not None and not self._take_key(
                connection, work.payment, work.entries[0]
            ):
                self._refuse_key(connection, work)
            for event in work.events:
                _insert(connection, event)
            insert_entries(connection, work.entries)
            for event in work.events:
                told = {"contract": contract_id, "act": event.act.value, "cents": event.cents}
                self._note(
                    connection,
                    f"extension {event.act.value}",
                    [(event.key, told, event.learned_at)],
                )

        try:
            self._step("record an extension", write)
        except errors.UniqueViolation as problem:
            if problem.diag.constraint_name != ONCE:
                raise ExtensionMoved.meanwhile(contract_id) from problem
            one = next(one for one in work.events if one.act in ONCE_ANYWHERE)
            raise done_elsewhere(one.act, one.about) from problem
        except errors.CheckViolation as problem:
            if problem.diag.constraint_name == UNDOES:
                raise not_standing(contract_id) from problem
            if problem.diag.constraint_name != OVERDRAWN:
                raise
            raise overdrawn(contract_id) from problem

    def _refuse_key(self, connection: Connection, work: ExtensionWork) -> None:
        """The key is taken: by this very event, of somebody who came first, or by another payment.

        :raises ExtensionMoved: in the first case; whoever looks again finds it done
        :raises Conflict: in the second
        """
        first = work.events[0]
        done = connection.execute(
            "SELECT FROM extension_event WHERE event_key = %s", [first.key]
        ).fetchone()
        if done is not None:
            raise ExtensionMoved.meanwhile(first.contract_id)
        ensure(work.payment is not None, "only a payment has a key")
        key = work.payment.payment_key if work.payment else ""
        raise Conflict.of_payment(key, self._payment_of_key(connection, key))

    def extension(self, contract_id: str) -> ExtensionOnFile:
        """A contract with its events."""
        found = self._read(lambda one: _on_file(one, contract_id=contract_id))
        if not found:
            raise no_extension(contract_id)
        return found[0]

    def extensions(self, *, account_id: str | None = None) -> list[ExtensionOnFile]:
        """Contracts in order of their names; of one account, or all."""
        return self._read(lambda one: _on_file(one, account_id=account_id))


def _insert(connection: Connection, event: ExtensionEvent) -> None:
    # One row a statement: the trigger of each looks at those before it.
    connection.execute(
        f"INSERT INTO extension_event ({EVENT_COLUMNS})"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            event.contract_id,
            event.number,
            event.key,
            event.act.value,
            event.on,
            event.about,
            event.cents,
            event.advance_cents,
            event.by,
            event.reason,
            Jsonb(dict(event.data)),
            event.record,
            event.learned_at,
        ],
    )


def _on_file(
    connection: Connection, *, contract_id: str | None = None, account_id: str | None = None
) -> list[ExtensionOnFile]:
    contracts = connection.execute(
        f"SELECT {CONTRACT_COLUMNS} FROM extension_contract"
        " WHERE (%(contract)s::text IS NULL OR contract_id = %(contract)s)"
        " AND (%(account)s::text IS NULL OR account_id = %(account)s)"
        ' ORDER BY contract_id COLLATE "C"',
        {"contract": contract_id, "account": account_id},
    ).fetchall()
    rows = connection.execute(
        f"SELECT {EVENT_COLUMNS} FROM extension_event WHERE contract_id = ANY (%s)"
        " ORDER BY contract_id, number",
        [[one[0] for one in contracts]],
    ).fetchall()
    events: dict[str, list[ExtensionEvent]] = {}
    for row in rows:
        events.setdefault(row[0], []).append(_event(row))
    return [ExtensionOnFile(_contract(one), tuple(events.get(one[0], ()))) for one in contracts]


def _contract(row: Sequence[Any]) -> ExtensionContract:
    contract_id, account_id, requested, by, terms, record, learned_at, depositor = row
    return ExtensionContract(
        contract_id=contract_id,
        account_id=account_id,
        requested_day=requested,
        by=by,
        learned_at=learned_at.astimezone(UTC),
        record=bytes(record),
        depositor=depositor or "",
        **{name: _part(PARTS[name], told) for name, told in terms.items()},
    )


def _told(contract: ExtensionContract) -> dict[str, Any]:
    """The parts of a contract as JSON; days as text."""
    told = {}
    for name in PARTS:
        part = getattr(contract, name)
        if part is not None:
            values = {one.name: getattr(part, one.name) for one in fields(part)}
            told[name] = {
                key: value.isoformat() if isinstance(value, date) else value
                for key, value in values.items()
            }
    return told


def _part(kind: type[Any], told: dict[str, Any]) -> Any:
    days = {one.name for one in fields(kind) if one.type == "date"}
    return kind(
        **{key: date.fromisoformat(value) if key in days else value for key, value in told.items()}
    )


def _event(row: Sequence[Any]) -> ExtensionEvent:
    contract_id, number, key, act, on, about, cents, advance, by, reason, data, record, at = row
    learned_at: datetime = at
    return ExtensionEvent(
        contract_id=contract_id,
        number=number,
        key=key,
        act=ExtensionAct(act),
        on=on,
        about=about,
        cents=cents,
        advance_cents=advance,
        by=by,
        reason=reason,
        data=data,
        record=bytes(record),
        learned_at=learned_at.astimezone(UTC),
    )
