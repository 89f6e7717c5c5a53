"""Checkouts, pledges and pending money, read from PostgreSQL.

Lives here      rows as nouns.
Lives elsewhere writing (``channels``), what is pending (``stores/channel_words``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import Any

from meterledger.facts.checkouts import (
    Answer,
    Checkout,
    CheckoutOnFile,
    CheckoutState,
    CheckoutStep,
    HeardBy,
    PendingMoney,
    Said,
)
from meterledger.facts.money import Tender
from meterledger.facts.payments import ReceiptAct
from meterledger.facts.pledges import (
    REST,
    Pledge,
    PledgeAct,
    PledgeOnFile,
    PledgeReturn,
    PledgeStep,
)
from meterledger.stores.channel_words import BACK, pending_of, unknown_cents, what_came_back
from meterledger.stores.postgres.repository.base import Tables
from meterledger.usecases.ports import NotFound

CHECKOUTS = """
SELECT c.checkout_id, c.account_id, c.cents, c.tender, c.started_at, c.processor
  FROM checkout c
  LEFT JOIN LATERAL (SELECT s.state FROM checkout_step s WHERE s.checkout_id = c.checkout_id
                      ORDER BY s.number DESC LIMIT 1) newest ON true
 WHERE (%(id)s::text IS NULL OR c.checkout_id = %(id)s)
   AND (%(accounts)s::text[] IS NULL OR c.account_id = ANY (%(accounts)s))
   AND (%(state)s::text IS NULL OR coalesce(newest.state, 'unknown') = %(state)s)
 ORDER BY c.started_at, c.checkout_id
"""
STEPS = """
SELECT checkout_id, number, heard_by, said, cents, sequence, reference, redirect, state, sentence,
       learned_at, by, payment_key, paid_day
  FROM checkout_step WHERE checkout_id = ANY (%s) ORDER BY checkout_id, number
"""
PLEDGES = """
SELECT pledge_id, account_id, agency, cents, for_items, promised_day, expires_day, by, learned_at
  FROM pledge WHERE (%(id)s::text IS NULL OR pledge_id = %(id)s)
   AND (%(accounts)s::text[] IS NULL OR account_id = ANY (%(accounts)s))
 ORDER BY promised_day, pledge_id
"""
PLEDGE_STEPS = """
SELECT pledge_id, number, act, on_day, cents, by, reason, learned_at, payment_key
  FROM pledge_step WHERE pledge_id = ANY (%s) ORDER BY pledge_id, number
"""
PLEDGE_RETURNS = """
SELECT p.pledge_id, r.payment_key, s.on_day, r.cents, s.by, s.reason, s.learned_at,
       s.act
  FROM pledge_step p
  JOIN receipt r ON r.payment_key IN (p.payment_key, p.payment_key || %s)
  JOIN receipt_step s ON s.payment_key = r.payment_key AND s.act = ANY (%s)
 WHERE p.pledge_id = ANY (%s) AND p.act = %s
"""
"""What the payments of pledges say that came back."""


class ChannelReads(Tables):
    """Reads of checkouts and pledges."""

    def _ask(self, sql: str, values: Any) -> list[tuple[Any, ...]]:
        return self._read(lambda connection: connection.execute(sql, values).fetchall())

    def checkout(self, checkout_id: str) -> CheckoutOnFile:
        """A checkout with its steps."""
        found = self._checkouts(checkout_id, None, None)
        if not found:
            raise NotFound.of("checkout", checkout_id)
        return found[0]

    def checkouts(
        self, *, account_ids: Collection[str] | None = None, state: CheckoutState | None = None
    ) -> list[CheckoutOnFile]:
        """Checkouts, the oldest first."""
        return self._checkouts(None, account_ids, state)

    def _checkouts(
        self,
        checkout_id: str | None,
        account_ids: Collection[str] | None,
        state: CheckoutState | None,
    ) -> list[CheckoutOnFile]:
        asked = {
            "id": checkout_id,
            "accounts": None if account_ids is None else list(account_ids),
            "state": state.value if state else None,
        }

        def ask(connection: Any) -> tuple[list[Any], list[Any]]:
            rows = connection.execute(CHECKOUTS, asked).fetchall()
            steps = connection.execute(STEPS, [[row[0] for row in rows]]).fetchall()
            return rows, steps

        rows, steps = self._read(ask)
        by_id: dict[str, list[CheckoutStep]] = {}
        for one in map(_checkout_step, steps):
            by_id.setdefault(one.checkout_id, []).append(one)
        return [
            CheckoutOnFile(
                Checkout(name, account, cents, Tender(tender), at.astimezone(UTC), processor),
                tuple(by_id.get(name, ())),
            )
            for name, account, cents, tender, at, processor in rows
        ]

    def pledge(self, pledge_id: str) -> PledgeOnFile:
        """A pledge with its steps."""
        found = self._pledges(pledge_id, None)
        if not found:
            raise NotFound.of("pledge", pledge_id)
        return found[0]

    def pledges(self, *, account_ids: Collection[str] | None = None) -> list[PledgeOnFile]:
        """Pledges, the oldest first."""
        return self._pledges(None, account_ids)

    def _pledges(
        self, pledge_id: str | None, account_ids: Collection[str] | None
    ) -> list[PledgeOnFile]:
        asked = {
            "id": pledge_id,
            "accounts": None if account_ids is None else list(account_ids),
        }
        rows = self._ask(PLEDGES, asked)
        by_id: dict[str, list[PledgeStep]] = {}
        for name, number, act, on, cents, by, reason, at, key in self._ask(
            PLEDGE_STEPS, [[row[0] for row in rows]]
        ):
            step = PledgeStep(
                *(name, number, PledgeAct(act), on, cents, by, reason, at.astimezone(UTC), key)
            )
            by_id.setdefault(name, []).append(step)
        back: dict[str, list[PledgeReturn]] = {}
        names = [row[0] for row in rows]
        of = [REST, [act.value for act in BACK], names, PledgeAct.RECEIVED.value]
        for name, key, on, cents, by, reason, at, act in self._ask(PLEDGE_RETURNS, of):
            sent = act == ReceiptAct.SENT_BACK.value
            one = PledgeReturn(key, on, cents, by, reason, at.astimezone(UTC), sent)
            back.setdefault(name, []).append(one)
        return [
            PledgeOnFile(
                Pledge(
                    *(name, account, agency, cents, tuple(items), promised, expires, by),
                    at.astimezone(UTC),
                ),
                tuple(by_id.get(name, ())),
                what_came_back(back.get(name, ())),
            )
            for name, account, agency, cents, items, promised, expires, by, at in rows
        ]

    def pending_money(
        self, account_ids: Collection[str], day: date
    ) -> dict[str, tuple[PendingMoney, ...]]:
        """Money that may come, or may have come."""
        return pending_of(
            self.checkouts(account_ids=account_ids, state=CheckoutState.UNKNOWN),
            self.pledges(account_ids=account_ids),
            account_ids,
            day,
        )

    def unknown_payment_cents(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> dict[str, int]:
        """Cents of checkouts whose outcome was unknown at the instant."""
        return unknown_cents(self.checkouts(account_ids=account_ids), known_at)


def _checkout_step(row: Sequence[Any]) -> CheckoutStep:
    name, number, heard_by, said, cents, sequence, reference, redirect, state, told = row[:10]
    at, by, key, paid_on = row[10:]
    answer = Answer(name, Said(said), cents, sequence, reference, redirect, paid_on)
    return CheckoutStep(
        *(name, number, HeardBy(heard_by), answer, CheckoutState(state), told),
        *(at.astimezone(UTC), by, key),
    )
