"""Refunds to cards in PostgreSQL: begun before the processor is called, heard with their money."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from psycopg import errors

from meterledger.facts.bank import Expectation
from meterledger.facts.card_refunds import (
    CardRefund,
    CardRefundOnFile,
    CardRefundState,
    CardRefundStep,
)
from meterledger.facts.checkouts import Answer, HeardBy, Said
from meterledger.stores.channel_words import taken
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import record_day
from meterledger.stores.postgres.repository.channel_rows import EXPECTED, insert_rows
from meterledger.stores.postgres.repository.ledger import entry_months
from meterledger.stores.postgres.repository.settlements import SettlementTables
from meterledger.usecases.payment_ports import Moved
from meterledger.usecases.ports import NotFound
from meterledger.usecases.settlement_ports import SettlementWrite

REFUND = "refund_id, settlement_id, checkout_id, account_id, cents, started_at, processor, by"
STEP = (
    "refund_id, number, heard_by, said, cents, sequence, reference, state, sentence, learned_at, by"
)
REFUNDS = f"""
SELECT {REFUND} FROM card_refund r
 WHERE (%(id)s::text IS NULL OR refund_id = %(id)s)
   AND (%(settlement)s::text IS NULL OR settlement_id = %(settlement)s)
   AND (%(checkout)s::text IS NULL OR checkout_id = %(checkout)s)
   AND (%(state)s::text IS NULL OR %(state)s = coalesce(
        (SELECT s.state FROM card_refund_step s WHERE s.refund_id = r.refund_id
          ORDER BY s.number DESC LIMIT 1), 'unknown'))
 ORDER BY started_at, refund_id
"""
STEPS = f"SELECT {STEP} FROM card_refund_step WHERE refund_id = ANY (%s) ORDER BY refund_id, number"


class CardRefundTables(SettlementTables):
    """The part of the store that keeps refunds to cards."""

    def begin_card_refund(self, refund: CardRefund) -> None:
        """Keep that it is begun, before the processor is called."""
        self._connections.ensure_months([record_day(refund.started_at)])
        self._step("begin a card refund", lambda one: self._begin(one, refund))

    def _begin(self, connection: Connection, refund: CardRefund) -> None:
        row = (
            *(refund.refund_id, refund.settlement_id, refund.checkout_id, refund.account_id),
            *(refund.cents, refund.started_at, refund.processor, refund.by),
        )
        try:
            places = ", ".join(["%s"] * len(row))
            connection.execute(f"INSERT INTO card_refund ({REFUND}) VALUES ({places})", row)
        except errors.UniqueViolation as problem:
            raise taken("a card refund", refund.refund_id) from problem
        except errors.ForeignKeyViolation as problem:
            raise NotFound.of("checkout", refund.checkout_id) from problem
        told = {"refund": refund.refund_id, "by": refund.by}
        note = (refund.account_id, told, refund.started_at)
        self._note(connection, "card refund begun", [note])

    def hear_card_refund(
        self,
        step: CardRefundStep,
        *,
        writes: Sequence[SettlementWrite] = (),
        expectations: Sequence[Expectation] = (),
    ) -> None:
        """Add what was heard with what it does to the refund, in one transaction."""
        entries = [entry for one in writes for entry in one.entries]
        self._connections.ensure_months({record_day(step.learned_at)} | entry_months(entries))
        self._step("hear of a card refund", lambda one: self._hear(one, step, writes, expectations))

    def _hear(
        self,
        connection: Connection,
        step: CardRefundStep,
        writes: Sequence[SettlementWrite],
        expectations: Sequence[Expectation],
    ) -> None:
        for account in sorted({one.case.account_id for one in writes}):
            connection.execute("SELECT lock_settled_account(%s)", [account])
        said = step.answer
        row = (
            *(step.refund_id, step.number, step.heard_by.value, said.said.value, said.cents),
            *(said.sequence, said.reference, step.state.value, step.sentence, step.learned_at),
            step.by,
        )
        try:
            places = ", ".join(["%s"] * len(row))
            connection.execute(f"INSERT INTO card_refund_step ({STEP}) VALUES ({places})", row)
        except errors.UniqueViolation as problem:
            raise Moved.meanwhile(f"card refund {step.refund_id}") from problem
        except errors.ForeignKeyViolation as problem:
            raise NotFound.of("card refund", step.refund_id) from problem
        for write in writes:
            self._write_settlement(connection, write)
        expected = [
            (
                *(one.expectation_id, one.ledger_account, one.day, one.cents, one.cause),
                *(one.reference, one.batch, step.learned_at),
            )
            for one in expectations
        ]
        insert_rows(connection, "expected_bank_line", f"{EXPECTED}, learned_at", expected)
        told = {"refund": step.refund_id, "state": step.state.value}
        event = f"card refund {step.state.value}"
        self._note(connection, event, [(step.refund_id, told, step.learned_at)])

    def card_refund(self, refund_id: str) -> CardRefundOnFile:
        """One with its steps."""
        found = self._card_refunds(id=refund_id)
        if not found:
            raise NotFound.of("card refund", refund_id)
        return found[0]

    def card_refunds(
        self,
        *,
        settlement_id: str | None = None,
        checkout_id: str | None = None,
        state: CardRefundState | None = None,
    ) -> list[CardRefundOnFile]:
        """Card refunds, the oldest first."""
        told = state.value if state else None
        return self._card_refunds(settlement=settlement_id, checkout=checkout_id, state=told)

    def _card_refunds(self, **asked: str | None) -> list[CardRefundOnFile]:
        values: dict[str, Any] = {
            name: asked.get(name) for name in ("id", "settlement", "checkout", "state")
        }

        def ask(connection: Connection) -> list[CardRefundOnFile]:
            refunds = connection.execute(REFUNDS, values).fetchall()
            steps: dict[str, list[CardRefundStep]] = {}
            for row in connection.execute(STEPS, [[one[0] for one in refunds]]):
                steps.setdefault(row[0], []).append(_step(row))
            return [
                CardRefundOnFile(
                    _refund(one),
                    tuple(steps.get(one[0], ())),
                )
                for one in refunds
            ]

        return self._read(ask)


def _refund(row: Sequence[Any]) -> CardRefund:
    name, settlement, checkout, account, cents, at, processor, by = row
    return CardRefund(
        *(name, settlement, checkout, account, cents), at.astimezone(UTC), processor, by
    )


def _step(row: Sequence[Any]) -> CardRefundStep:
    name, number, heard, said, cents, sequence, reference, state, sentence, at, by = row
    answer = Answer(name, Said(said), cents, sequence, reference)
    return CardRefundStep(
        *(name, number, HeardBy(heard), answer, CardRefundState(state), sentence),
        *(at.astimezone(UTC), by),
    )
