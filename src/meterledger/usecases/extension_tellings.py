"""What people tell of a contract of an extension: signatures, connections, the start of building.

Lives here      one telling each, held against what is known and against the rules of its day.
Lives elsewhere opening a contract (``extension_contracts``), its money (``extension_money``).
Read first      docs/operating/extensions.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from meterledger.extensions import (
    CONSTRUCTION,
    FACILITY_CHANGE,
    Change,
    ConstructionFacts,
    FacilityChangeFacts,
)
from meterledger.facts.extensions import ExtensionAct, ExtensionOnFile, Purpose
from meterledger.facts.extensions import ExtensionEvent as Event
from meterledger.kernel.money import Cents, usd_text
from meterledger.rulebook.forms import number_text, plain_form
from meterledger.rulebook.series import NoRuleInForce
from meterledger.usecases.extension_contracts import ExtensionStore
from meterledger.usecases.extension_facilities import FacilityStore, without_months
from meterledger.usecases.extension_ports import ExtensionWork
from meterledger.usecases.extension_records import (
    Asked,
    ExtensionRefused,
    Moment,
    event_key,
    event_of,
    in_name_of,
    plain_name,
)


@dataclass(frozen=True, slots=True)
class Told:
    """What a person tells of a contract: on which day it was so, who tells it and why."""

    on: date
    by: str
    reason: str = ""


def sign_guarantee(
    contract_id: str, told: Told, *, store: ExtensionStore, moment: Moment
) -> tuple[Event, bool]:
    """Keep the day on which the guarantee agreement was signed."""
    on_file = store.extension(contract_id)
    if on_file.contract.guarantee is None:
        raise ExtensionRefused(
            "There is no guarantee in this contract",
            where=f"extension {contract_id}",
            do="Sign the contract that has one",
        )
    return _tell(on_file, ExtensionAct.SIGNED, "guarantee", told, store, moment)


def release_construction(
    contract_id: str, told: Told, *, store: ExtensionStore, moment: Moment
) -> tuple[Event, bool]:
    """Release the construction order: refused until all that it waits for is paid and signed."""
    on_file = store.extension(contract_id)
    known = on_file.event(event_key(contract_id, ExtensionAct.RELEASED, "construction"))
    if known is not None:
        return known, False
    event = released(on_file, told, moment)
    store.record_extension(ExtensionWork((event,)))
    return event, True


def released(on_file: ExtensionOnFile, told: Told, moment: Moment) -> Event:
    """The event of the release.

    :raises ExtensionRefused: naming what construction waits for
    """
    contract = on_file.contract
    where = f"extension {contract.contract_id}"
    rules = Asked(moment)
    on_time = replace(on_file, events=tuple(one for one in on_file.events if one.on <= told.on))
    advances = (Purpose.DEPOSIT, Purpose.GUARANTEE)
    found = rules.ask(
        CONSTRUCTION,
        ConstructionFacts(
            construction_start=told.on,
            deposit_required_cents=Cents(sum(map(contract.asked_cents, advances))),
            deposit_paid_cents=Cents(sum(map(on_time.paid_cents, advances))),
            guarantee_required=contract.guarantee is not None,
            guarantee_signed_on=on_file.signed_on,
            contribution_required_cents=Cents(contract.asked_cents(Purpose.CONTRIBUTION)),
            contribution_paid_cents=Cents(on_time.paid_cents(Purpose.CONTRIBUTION)),
        ),
        day=contract.requested_day,
    )
    if not found.released:
        cited = rules.rulings[-1][0].decision.reasons[-1].citation.text
        raise ExtensionRefused(
            f"Construction waits for {' and '.join(found.missing)}",
            where=where,
            why=f"It is paid and signed before construction begins ({cited})",
            do="Take the payment or the signature first; nothing is built until then",
        )
    return event_of(
        on_file,
        ExtensionAct.RELEASED,
        about="construction",
        on=told.on,
        moment=moment,
        asked=rules,
        by=in_name_of(told.by, where),
        reason=told.reason,
    )


def serve_from_extension(
    contract_id: str, agreement_id: str, told: Told, *, store: ExtensionStore, moment: Moment
) -> tuple[Event, bool]:
    """Keep that permanent service of an agreement is from this extension: its bills count.

    The first agreement of the contract's own account is the one whose bills are tested.
    """
    on_file = store.extension(contract_id)
    where = f"extension {contract_id}"
    if on_file.contract.guarantee is None:
        raise ExtensionRefused(
            "There is no guarantee in this contract",
            where=where,
            do="Connections that earn a deposit back are told with `extension connect`",
        )
    service = store.service_of_agreement(agreement_id, moment.known_at)
    for days in [one.days for one in service.joined] + [one.days for one in service.billed_with]:
        if days.until_day is None or told.on < days.until_day:
            raise ExtensionRefused(
                f"Agreement {agreement_id} is billed with others of its account, {days}",
                where=where,
                why="A bill of several service points has one revenue for all of them",
                do="Bill each by itself first, with "
                f"`meterledger together end {service.account.account_id}`",
            )
    own = service.account.account_id == on_file.contract.account_id
    tested = any(one.data["tested"] for one in on_file.of(ExtensionAct.SERVED))
    data = {"account": service.account.account_id, "tested": own and not tested}
    known = on_file.event(event_key(contract_id, ExtensionAct.SERVED, agreement_id))
    if known is not None:
        return known, False
    return _tell(on_file, ExtensionAct.SERVED, agreement_id, told, store, moment, data=data)


def tell_connection(
    contract_id: str,
    connection_id: str,
    told: Told,
    *,
    connected_on: date,
    units: Fraction,
    is_permanent: bool,
    store: ExtensionStore,
    moment: Moment,
) -> tuple[Event, bool]:
    """Keep what the depositor tells: who took service when. It counts once it is verified."""
    on_file = store.extension(contract_id)
    where = f"extension {contract_id}"
    if on_file.contract.deposit is None:
        raise ExtensionRefused(
            "There is no refundable deposit in this contract", where=where, do="Name another one"
        )
    if units <= 0 or connected_on > told.on:
        raise ExtensionRefused(
            f"{number_text(units)} units connected on {connected_on}, told on {told.on}",
            where=where,
            do="Give units above zero, and a day of connection that is not after the telling",
        )
    data = {
        "connected_on": connected_on.isoformat(),
        "permanent": is_permanent,
        "units": number_text(units),
    }
    return _tell(on_file, ExtensionAct.NOTIFIED, connection_id, told, store, moment, data=data)


def settle_connection(
    contract_id: str,
    connection_id: str,
    told: Told,
    *,
    is_there: bool,
    store: ExtensionStore,
    moment: Moment,
) -> tuple[Event, bool]:
    """Keep that a connection was verified, or found not to be one; once, for ever."""
    on_file = store.extension(contract_id)
    where = f"extension {contract_id}"
    notified = on_file.event(event_key(contract_id, ExtensionAct.NOTIFIED, connection_id))
    act = ExtensionAct.VERIFIED if is_there else ExtensionAct.REJECTED
    other = ExtensionAct.REJECTED if is_there else ExtensionAct.VERIFIED
    settled = on_file.event(event_key(contract_id, other, connection_id))
    if notified is None or settled is not None or told.on < notified.on:
        what = (
            f"The depositor has not told of connection {connection_id}"
            if notified is None
            else f"Connection {connection_id} was told on {notified.on}"
            + (f" and {settled.act.value} on {settled.on}" if settled else "")
        )
        raise ExtensionRefused(
            what,
            where=where,
            why="No notification, no refund; what was found stays found",
            do="Tell it first, or tell the connection under another name",
        )
    return _tell(on_file, act, connection_id, told, store, moment)


def change_facility(
    contract_id: str,
    change: Change,
    told: Told,
    *,
    replacement_cents: int,
    enlargement_cents: int,
    store: FacilityStore,
    moment: Moment,
) -> tuple[Event, bool]:
    """Keep a replacement or enlargement of a special facility: no monthly charge follows.

    Told late, it takes back the months that were charged from its day on, in the same call.
    """
    on_file = store.extension(contract_id)
    about = told.on.isoformat()
    known = on_file.event(event_key(contract_id, ExtensionAct.CHANGED, about))
    if known is not None:
        return known, False
    contract = on_file.contract
    if contract.facility is None and contract.contribution is None:
        raise ExtensionRefused(
            "There is no special facility in this contract",
            where=f"extension {contract_id}",
            do="Name another one",
        )
    event = changed(on_file, change, told, (replacement_cents, enlargement_cents), moment)
    undone, reversals = without_months(
        replace(on_file, events=(*on_file.events, event)),
        [one for one in on_file.of(ExtensionAct.CHARGED) if one.cents and one.on >= told.on],
        by=event.by,
        reason=f"the facility was changed on {told.on}",
        store=store,
        moment=moment,
    )
    store.record_extension(ExtensionWork((event, *undone), reversals))
    return event, True


def changed(
    on_file: ExtensionOnFile, change: Change, told: Told, costs: tuple[int, int], moment: Moment
) -> Event:
    """The event of a change, decided by the text of its day while one is held.

    In the text of 2019 only the end of the charge is held (III.N.4): the charge ends, and who pays
    for the change goes to a person, as the record says.
    """
    rules = Asked(moment)
    facts = FacilityChangeFacts(change, Cents(costs[0]), Cents(costs[1]))
    data: dict[str, Any] = {"change": change.value}
    try:
        found = rules.ask(FACILITY_CHANGE, facts, day=told.on)
    except NoRuleInForce as silence:
        data["cost_to_review"] = silence.what
    else:
        data["by_standard_rules_usd"] = usd_text(found.by_standard_rules_cents)
    return event_of(
        on_file,
        ExtensionAct.CHANGED,
        about=told.on.isoformat(),
        on=told.on,
        moment=moment,
        asked=rules,
        by=in_name_of(told.by, f"extension {on_file.contract.contract_id}"),
        reason=told.reason,
        data=data,
        rests_on=[plain_form(facts)],
    )


def _tell(
    on_file: ExtensionOnFile,
    act: ExtensionAct,
    about: str,
    told: Told,
    store: ExtensionStore,
    moment: Moment,
    *,
    data: dict[str, Any] | None = None,
) -> tuple[Event, bool]:
    """Keep one fact that needs no decision; told again it is known."""
    where = f"extension {on_file.contract.contract_id}"
    name = plain_name(about, where)
    known = on_file.event(event_key(on_file.contract.contract_id, act, name))
    if known is not None:
        if dict(known.data) == (data or {}) and known.on == told.on:
            return known, False
        raise ExtensionRefused(
            f"{name} is {act.value} already, on {known.on}",
            where=where,
            why="What was told stays told, and nothing was changed",
            do="Use another name, or give what is known",
        )
    event = event_of(
        on_file,
        act,
        about=name,
        on=told.on,
        moment=moment,
        by=in_name_of(told.by, where),
        reason=told.reason,
        data=data,
    )
    store.record_extension(ExtensionWork((event,)))
    return event, True
