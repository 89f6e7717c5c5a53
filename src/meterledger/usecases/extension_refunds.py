"""Half-yearly refunds of advance deposits, and what is kept after the last date.

Lives here      which dates are due, one date's refund with its rest, their entries.
Lives elsewhere the rule (``extensions``), money in (``extension_money``), ``extension_run``.
Read first      GRR III.O; docs/operating/extensions.md.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import partial

from meterledger.extensions import (
    DEPOSIT_REFUND,
    REFUND_DATES,
    Connected,
    DepositRefundFacts,
    RefundDatesFacts,
    RefundKey,
)
from meterledger.facts.extensions import DepositTerms, ExtensionAct, ExtensionOnFile, Purpose
from meterledger.facts.extensions import ExtensionEvent as Event
from meterledger.facts.money import Entry
from meterledger.kernel.money import Cents
from meterledger.ledger import entry_for_extension_refund, entry_for_forfeit
from meterledger.usecases.extension_ports import ExtensionLog, ExtensionWork
from meterledger.usecases.extension_records import (
    Asked,
    ExtensionRefused,
    Moment,
    about_anew,
    event_of,
    part_of,
)


def refund_dates(on_file: ExtensionOnFile, moment: Moment) -> tuple[date, ...]:
    """The half-yearly dates of a contract; none before the whole deposit is in."""
    received = on_file.received_on
    if received is None:
        return ()
    asked = Asked(moment)
    facts = RefundDatesFacts(received)
    found = asked.ask(REFUND_DATES, facts, day=on_file.contract.requested_day)
    return tuple(found.dates)


def due_refunds(on_file: ExtensionOnFile, on: date, moment: Moment) -> tuple[date, ...]:
    """Dates up to a day that nobody has worked out yet, while something is held."""
    terms = on_file.contract.deposit
    if terms is None or on_file.received_on is None or deposit_held(on_file) == 0:
        return ()
    done = {one.on for one in on_file.of(ExtensionAct.REFUNDED)}
    dates = refund_dates(on_file, moment)
    return tuple(day for day in dates if day <= on and day not in done)


def deposit_held(on_file: ExtensionOnFile) -> int:
    """What is held of the refundable deposit, apart from a guarantee's."""
    refunded = sum(one.cents for one in on_file.of(ExtensionAct.REFUNDED))
    return on_file.paid_cents(Purpose.DEPOSIT) - refunded - on_file.forfeited_cents


def refund_on(
    on_file: ExtensionOnFile, day: date, *, today: date, store: ExtensionLog, moment: Moment
) -> tuple[Event, ...]:
    """Work out one date: the refund, and after the last date the rest that is kept.

    :raises ExtensionRefused: if a connection told in time waits to be verified on the last date
    """
    events = refunds_of(on_file, day, today=today, moment=moment)
    store.record_extension(ExtensionWork(events, entries_of_refunds(on_file, events)))
    return events


def refunds_of(
    on_file: ExtensionOnFile, day: date, *, today: date, moment: Moment
) -> tuple[Event, ...]:
    """The events of one date, with their records."""
    contract = on_file.contract
    terms = part_of(contract.deposit, contract.contract_id)
    received = part_of(on_file.received_on, contract.contract_id)
    asked = Asked(moment)
    found = asked.ask(
        DEPOSIT_REFUND,
        _facts(on_file, terms, received, day, today),
        day=contract.requested_day,
    )
    if found.waits_for_verification:
        raise ExtensionRefused(
            f"The last date, {day}, waits for connections that were told in time",
            where=f"extension {contract.contract_id}",
            why="What is kept is kept for good",
            do="Verify them with `meterledger extension verify`, or reject them, and run again",
        )
    refunded = event_of(
        on_file,
        ExtensionAct.REFUNDED,
        about=about_anew(on_file, ExtensionAct.REFUNDED, day.isoformat()),
        on=day,
        moment=moment,
        asked=asked,
        cents=found.refund_cents,
        advance_cents=-found.refund_cents,
        data={"number": found.number, "today": today.isoformat()},
        rests_on=[one.key for one in on_file.of(ExtensionAct.VERIFIED)],
    )
    if not found.forfeited_cents:
        return (refunded,)
    forfeited = event_of(
        replace(on_file, events=(*on_file.events, refunded)),
        ExtensionAct.FORFEITED,
        about=about_anew(on_file, ExtensionAct.FORFEITED, day.isoformat()),
        on=day,
        moment=moment,
        asked=asked,
        cents=found.forfeited_cents,
        advance_cents=-found.forfeited_cents,
        data={"today": today.isoformat()},
    )
    return refunded, forfeited


def _facts(
    on_file: ExtensionOnFile, terms: DepositTerms, received: date, day: date, today: date
) -> DepositRefundFacts:
    return DepositRefundFacts(
        deposit_cents=Cents(terms.cents),
        received_on=received,
        on=day,
        today=today,
        key=RefundKey(terms.key),
        expected_units=Fraction(terms.expected_units),
        connected=tuple(
            Connected(
                one.connected_on,
                one.is_permanent,
                Fraction(one.units),
                one.notified_on,
                one.verified_on,
            )
            for one in on_file.connections
        ),
        refunded_before_cents=Cents(sum(one.cents for one in on_file.of(ExtensionAct.REFUNDED))),
    )


def entries_of_refunds(on_file: ExtensionOnFile, events: tuple[Event, ...]) -> tuple[Entry, ...]:
    """An entry for each event that moves money."""
    contract = on_file.contract
    entries = []
    for one in events:
        if not one.cents:
            continue
        refunded = one.act is ExtensionAct.REFUNDED
        refund = partial(entry_for_extension_refund, to_depositor=bool(contract.depositor))
        make = refund if refunded else entry_for_forfeit
        words = "refunded" if refunded else "kept after the last date"
        entries.append(
            make(
                one.key,
                contract.account_id,
                one.cents,
                on=one.on,
                learned_at=one.learned_at,
                cause=f"deposit of extension {contract.contract_id} {words}",
            )
        )
    return tuple(entries)
