"""Make an extension's records again, from what was known when they were made.

Lives here      one contract's or event's record again, and whether its bytes are the same.
Lives elsewhere making them the first time (``extension_*``).
Read first      docs/operating/extensions.md.

What a person told (a signature, a connection) rests on nothing else; its record is made again from
what is kept of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from meterledger.extensions import Change
from meterledger.facts.extensions import ExtensionAct, ExtensionContract, ExtensionOnFile
from meterledger.facts.extensions import ExtensionEvent as Event
from meterledger.kernel.money import cents_from_text
from meterledger.rulebook.book import TariffBook
from meterledger.rulebook.forms import read_form
from meterledger.usecases.extension_contracts import ContractAsked, ContractGiven, contract_of
from meterledger.usecases.extension_facilities import charged
from meterledger.usecases.extension_guarantees import (
    KNOWS_RELIEF,
    GuaranteeStore,
    bills_of_extension,
    tested,
)
from meterledger.usecases.extension_records import Moment, event_of
from meterledger.usecases.extension_refunds import refunds_of
from meterledger.usecases.extension_tellings import Told, changed, released


@dataclass(frozen=True, slots=True)
class Replayed:
    """One record: the bytes that are kept, and those that are made from what was known."""

    name: str
    kept: bytes
    made: bytes

    @property
    def is_same(self) -> bool:
        """Whether the bytes are the same."""
        return self.kept == self.made


def replay_extension(
    contract_id: str, *, store: GuaranteeStore, book: TariffBook
) -> tuple[Replayed, ...]:
    """The contract's record and its events', in their order, made again.

    :raises NotFound: if nobody knows the contract
    """
    on_file = store.extension(contract_id)
    contract = on_file.contract
    first = Replayed(contract.contract_id, contract.record, _contract_again(contract, book))
    rest = [
        Replayed(
            one.key,
            one.record,
            _event_again(
                on_file.before(one.number), one, store, Moment.of(one.learned_at, one.record, book)
            ),
        )
        for one in on_file.events
    ]
    return (first, *rest)


def _contract_again(contract: ExtensionContract, book: TariffBook) -> bytes:
    told = json.loads(contract.record)
    asked = ContractAsked(
        contract.contract_id,
        contract.account_id,
        contract.requested_day,
        contract.by,
        read_form(ContractGiven, told["given"], where="given"),
        account_is_the_depositors=told.get("account_is_the_depositors", False),
        depositor=told.get("depositor", ""),
    )
    return contract_of(asked, Moment.of(contract.learned_at, contract.record, book)).record


def _event_again(
    before: ExtensionOnFile, event: Event, store: GuaranteeStore, moment: Moment
) -> bytes:
    told = Told(event.on, event.by, event.reason)
    if event.act is ExtensionAct.RELEASED:
        return released(before, told, moment).record
    if event.act is ExtensionAct.CHANGED:
        (facts,) = json.loads(event.record)["rests_on"]
        costs = tuple(
            cents_from_text(facts[name], where=event.key)
            for name in ("replacement_cost_usd", "enlargement_cost_usd")
        )
        change = Change(event.data["change"])
        return changed(before, change, told, (costs[0], costs[1]), moment).record
    if event.act is ExtensionAct.REFUNDED:
        today = date.fromisoformat(event.data["today"])
        return refunds_of(before, event.on, today=today, moment=moment)[0].record
    if event.act is ExtensionAct.FORFEITED:
        today = date.fromisoformat(event.data["today"])
        earlier = before.before(event.number - 1)
        return refunds_of(earlier, event.on, today=today, moment=moment)[1].record
    if event.act is ExtensionAct.TESTED:
        knows_relief = event.data.get(KNOWS_RELIEF, False)
        bills = bills_of_extension(before, store, moment, knows_relief=knows_relief)
        bill = next(one for one in bills if one.root == event.about)
        return tested(before, bill, bills, moment).record
    if event.act is ExtensionAct.CHARGED:
        return charged(before, event.on, moment).record
    return _told_again(before, event, moment)


def _told_again(before: ExtensionOnFile, event: Event, moment: Moment) -> bytes:
    data: dict[str, Any] = dict(event.data)
    return event_of(
        before,
        event.act,
        about=event.about,
        on=event.on,
        moment=moment,
        cents=event.cents,
        advance_cents=event.advance_cents,
        by=event.by,
        reason=event.reason,
        data=data,
    ).record
