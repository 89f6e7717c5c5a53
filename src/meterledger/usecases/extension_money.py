"""Money of contracts of extensions: what comes in, what bounces, what is given back by a person.

Lives here      payments by purpose, their return, the deposit of a guarantee that is over.
Lives elsewhere half-yearly refunds (``extension_refunds``), entries (``ledger``).
Read first      docs/operating/extensions.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Protocol

from meterledger.facts.extensions import (
    ADVANCES,
    ContributionTerms,
    ExtensionAct,
    ExtensionOnFile,
    Purpose,
)
from meterledger.facts.extensions import ExtensionEvent as Event
from meterledger.facts.money import Entry, Leg, Payment, Tender
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.money import usd_display
from meterledger.ledger import (
    advance_part,
    contribution_parts,
    entry_for_extension_payment,
    entry_for_extension_refund,
    reverse_entry,
)
from meterledger.usecases.extension_guarantee_over import OverStore, why_over
from meterledger.usecases.extension_ports import ExtensionWork
from meterledger.usecases.extension_records import (
    ExtensionRefused,
    Moment,
    about_anew,
    again,
    event_of,
    in_name_of,
    plain_name,
    reversals_of,
    undoing,
)
from meterledger.usecases.extension_tellings import Told


class ExtensionMoneyStore(OverStore, Protocol):
    """What these journeys need of the store."""

    def entries_of_account(self, account_id: str) -> Sequence[Entry]:
        """Entries that touch the account, oldest first."""


def take_extension_payment(
    contract_id: str,
    payment_key: str,
    cents: int,
    told: Told,
    *,
    tender: Tender,
    store: ExtensionMoneyStore,
    moment: Moment,
) -> tuple[tuple[Event, ...], bool]:
    """Post money for a contract once: deposit first, then guarantee deposit, then contribution.

    :raises ExtensionRefused: if it is more than the contract asks for, or of a day to come
    :raises Conflict: if the key was used for something else
    """
    key = plain_name(payment_key, f"extension {contract_id}")
    return again(lambda: _take(contract_id, key, cents, told, tender, store=store, moment=moment))


def _take(
    contract_id: str,
    payment_key: str,
    cents: int,
    told: Told,
    tender: Tender,
    *,
    store: ExtensionMoneyStore,
    moment: Moment,
) -> tuple[tuple[Event, ...], bool]:
    on_file = store.extension(contract_id)
    where = f"extension {contract_id}, payment {payment_key[:64]}"
    known = tuple(one for one in on_file.of(ExtensionAct.PAID) if one.data["key"] == payment_key)
    if known:
        _refuse_other(known, on_file, cents, told.on, where)
        return known, False
    if told.on > local_day_of(moment.known_at, moment.view.time_zone):
        raise ExtensionRefused(
            f"The payment is said to be received on {told.on}, which is not here yet",
            where=where,
            do="Give the day the money was received",
        )
    shares = _shares(on_file, cents, where)
    payment = Payment(
        payment_key, on_file.contract.account_id, cents, tender, told.on, moment.known_at
    )
    events: list[Event] = []
    legs: list[Leg] = []
    for purpose, part in shares:
        legs += _legs(on_file, purpose, part)
        event = event_of(
            on_file,
            ExtensionAct.PAID,
            about=f"{payment_key}.{purpose.name.lower()}",
            on=told.on,
            moment=moment,
            cents=part,
            advance_cents=part if purpose in ADVANCES else 0,
            by=in_name_of(told.by, where),
            reason=told.reason,
            data={"purpose": purpose.value, "key": payment_key, "tender": tender.value},
        )
        events.append(event)
        on_file = replace(on_file, events=(*on_file.events, event))
    entry = entry_for_extension_payment(payment, contract_id, legs)
    store.record_extension(ExtensionWork(tuple(events), (entry,), payment))
    return tuple(events), True


def _refuse_other(
    known: Sequence[Event], on_file: ExtensionOnFile, cents: int, on: date, where: str
) -> None:
    """A key is one payment for ever: with other contents, or after it bounced, it is refused."""
    taken = sum(one.cents for one in known)
    key = known[0].data["key"]
    back = on_file.of(ExtensionAct.PAYMENT_RETURNED)
    bounced = any(one.data["key"] == key for one in back)
    if bounced or taken != cents or known[0].on != on:
        raise ExtensionRefused(
            f"The key is used already, for {usd_display(taken)} received {known[0].on}"
            f"{', which bounced' if bounced else ''}",
            where=where,
            why="A key posts once, for ever, and nothing was changed",
            do="Use the key of this receipt, or correct the amount or the day",
        )


def _shares(on_file: ExtensionOnFile, cents: int, where: str) -> list[tuple[Purpose, int]]:
    """A payment by purpose, in their order."""
    lacks = {
        purpose: on_file.contract.asked_cents(purpose) - on_file.paid_cents(purpose)
        for purpose in Purpose
    }
    most = sum(lacks.values())
    if not 0 < cents <= most:
        raise ExtensionRefused(
            f"The contract asks for {usd_display(most)} more, and {usd_display(cents)} is given",
            where=where,
            why="What nobody asked for would have no place in the contract",
            do="Take what lacks, or post the rest to the account with `meterledger payment`",
        )
    shares = []
    for purpose, lack in lacks.items():
        part = min(lack, cents)
        if part > 0:
            shares.append((purpose, part))
            cents -= part
    return shares


def _legs(on_file: ExtensionOnFile, purpose: Purpose, part: int) -> Sequence[Leg]:
    contract = on_file.contract
    if purpose is not Purpose.CONTRIBUTION or contract.contribution is None:
        return [advance_part(contract.account_id, part)]
    return contribution_parts(*_by_account(contract.contribution, _contributions(on_file), part))


def _by_account(
    terms: ContributionTerms, stays: Mapping[str, tuple[int, int]], part: int
) -> tuple[int, int]:
    """What of a payment goes to construction, as far as that lacks it, and what to upkeep."""
    lacks = terms.construction_cents - sum(building for building, _ in stays.values())
    building = min(part, lacks)
    return building, part - building


def _contributions(on_file: ExtensionOnFile) -> dict[str, tuple[int, int]]:
    """What each payment that stayed gave to construction and to upkeep, by its key.

    Found in the order of what happened: a payment that bounced left a gap of its own account,
    which the next one fills.
    """
    terms = on_file.contract.contribution
    stays: dict[str, tuple[int, int]] = {}
    for one in on_file.events:
        if terms is None or one.data.get("purpose") != Purpose.CONTRIBUTION.value:
            continue
        if one.act is ExtensionAct.PAID:
            stays[one.data["key"]] = _by_account(terms, stays, one.cents)
        elif one.act is ExtensionAct.PAYMENT_RETURNED:
            del stays[one.data["key"]]
    return stays


def return_extension_payment(
    contract_id: str,
    payment_key: str,
    told: Told,
    *,
    store: ExtensionMoneyStore,
    moment: Moment,
) -> tuple[tuple[Event, ...], bool]:
    """Take a payment back that bounced: its entry is reversed, and the contract lacks it again.

    What of its advance went back or was kept already is taken back with it, in the same call.

    :raises ExtensionRefused: if there is no such payment
    """
    return again(lambda: _return(contract_id, payment_key, told, store=store, moment=moment))


def _return(
    contract_id: str,
    payment_key: str,
    told: Told,
    *,
    store: ExtensionMoneyStore,
    moment: Moment,
) -> tuple[tuple[Event, ...], bool]:
    before = on_file = store.extension(contract_id)
    where = f"extension {contract_id}, payment {payment_key[:64]}"
    paid = [one for one in on_file.of(ExtensionAct.PAID) if one.data["key"] == payment_key]
    if not paid:
        raise ExtensionRefused(
            "The contract has no such payment",
            where=where,
            do="Look at `meterledger extension show`",
        )
    back = tuple(
        one for one in on_file.of(ExtensionAct.PAYMENT_RETURNED) if one.data["key"] == payment_key
    )
    if back:
        return back, False
    by = in_name_of(told.by, where)
    entries = store.entries_of_account(on_file.contract.account_id)
    undone, reversals = _taken_back(on_file, paid, told, by, entries, moment)
    on_file = replace(on_file, events=(*on_file.events, *undone))
    events = [*undone]
    for one in paid:
        event = event_of(
            on_file,
            ExtensionAct.PAYMENT_RETURNED,
            about=one.about,
            on=told.on,
            moment=moment,
            cents=one.cents,
            advance_cents=-one.advance_cents,
            by=by,
            reason=told.reason,
            data={"purpose": one.data["purpose"], "key": payment_key},
        )
        events.append(event)
        on_file = replace(on_file, events=(*on_file.events, event))
    posted = next(
        (one for one in entries if one.entry_id == f"payment:{payment_key}"),
        None,
    ) or _contribution_entry(before, payment_key, paid)
    reversal = reverse_entry(
        posted, on=told.on, learned_at=moment.known_at, cause=f"returned: {posted.cause}"
    )
    store.record_extension(ExtensionWork(tuple(events), (*reversals, reversal)))
    return tuple(events), True


def _taken_back(
    on_file: ExtensionOnFile,
    paid: Sequence[Event],
    told: Told,
    by: str,
    posted: Sequence[Entry],
    moment: Moment,
) -> tuple[tuple[Event, ...], tuple[Entry, ...]]:
    """What went on of an advance that never was: the newest of it, until the rest is held.

    What a refund had paid is unpaid again; what was kept is plant's cost again.
    """
    events: list[Event] = []
    for one in paid:
        purpose = Purpose(one.data["purpose"])
        if purpose not in ADVANCES:
            continue
        gone = on_file.gone_on(purpose)
        held = on_file.paid_cents(purpose) - sum(step.cents for step in gone)
        for step in reversed(gone):
            if held >= one.cents:
                break
            held += step.cents
            events.append(undoing(on_file, step, told.on, by, told.reason, moment))
            on_file = replace(on_file, events=(*on_file.events, events[-1]))
    return tuple(events), reversals_of(events, posted, moment)


def _contribution_entry(on_file: ExtensionOnFile, payment_key: str, paid: Sequence[Event]) -> Entry:
    """The entry of a payment that was all contribution: none of its legs is the customer's."""
    one = paid[0]
    contract = on_file.contract
    payment = Payment(
        payment_key,
        contract.account_id,
        one.cents,
        Tender(one.data["tender"]),
        one.on,
        one.learned_at,
    )
    legs = contribution_parts(*_contributions(on_file)[payment_key])
    return entry_for_extension_payment(payment, contract.contract_id, legs)


def give_back_guarantee_deposit(
    contract_id: str, told: Told, *, store: ExtensionMoneyStore, moment: Moment
) -> tuple[Event, bool]:
    """Credit the account with the deposit of a guarantee that is over, by a person's word.

    The sheet says that such a deposit may be demanded and not when it goes back: while the
    agreement runs and its customer is served, it stays.

    :raises ExtensionRefused: if none is held, or the guarantee is not over on the day
    """
    return again(lambda: _give_back(contract_id, told, store=store, moment=moment))


def _give_back(
    contract_id: str, told: Told, *, store: ExtensionMoneyStore, moment: Moment
) -> tuple[Event, bool]:
    on_file = store.extension(contract_id)
    where = f"extension {contract_id}"
    known = on_file.of(ExtensionAct.GIVEN_BACK)
    if known:
        return known[-1], False
    cents = on_file.paid_cents(Purpose.GUARANTEE)
    over = why_over(on_file, told.on, store, moment) if cents else None
    if over is None:
        raise ExtensionRefused(
            "No deposit on the guarantee is held"
            if not cents
            else f"The guarantee is {on_file.guarantee_state.replace('_', ' ')}",
            where=where,
            why="It secures the guarantee until that has done its work (GRR III.P)",
            do="Wait until the guarantee has ended or is satisfied, its period is over by the "
            "calendar, or the service that it was for has ended",
        )
    event = event_of(
        on_file,
        ExtensionAct.GIVEN_BACK,
        about=about_anew(on_file, ExtensionAct.GIVEN_BACK, "guarantee"),
        on=told.on,
        moment=moment,
        cents=cents,
        advance_cents=-cents,
        by=in_name_of(told.by, where),
        reason=told.reason,
        data={} if over == on_file.guarantee_state else {"over": over},
    )
    entry = entry_for_extension_refund(
        event.key,
        on_file.contract.account_id,
        cents,
        on=told.on,
        learned_at=moment.known_at,
        cause=f"deposit on the guarantee of extension {contract_id} given back",
    )
    store.record_extension(ExtensionWork((event,), (entry,)))
    return event, True


def day_of(moment: Moment) -> date:
    """The utility's local day of the moment."""
    return local_day_of(moment.known_at, moment.view.time_zone)
