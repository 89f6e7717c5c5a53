"""What doors do about bills: compare the clocks, charge what is late, credit deposits at the end.

Lives here      asking all three for the time; a day long ago; the late charges that the bills will
                show; deposits that final bills end.
Lives elsewhere how far clocks may be apart (``billing.gate_clock``, the book), late charges
                (``usecases/late_charges``), deposits (``usecases/deposit_run``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from meterledger.billing import gate_terms, refuse_clock_off, refuse_rendered_long_ago
from meterledger.entrypoints.wiring import System
from meterledger.facts.places import BillableService
from meterledger.usecases.deposit_ask import Desk
from meterledger.usecases.deposit_run import BY, DepositRun, settle_final_bills
from meterledger.usecases.issue_bills import first_due
from meterledger.usecases.late_charges import LateRun, charge_late


def refuse_wrong_clock(system: System) -> None:
    """Refuse to issue where the machine's clock, the database's and what is kept disagree.

    :raises ClockIsOff: naming the instants and the tolerance
    """
    terms = gate_terms(system.view, system.today)
    if terms is not None:
        refuse_clock_off(system.now, system.today, system.store.clock(), terms)


def refuse_past_day(
    system: System, day: date, rendered_then: str | None, *, where: str = "--on"
) -> None:
    """Refuse to date bills long before today unless somebody says that they left then, and why.

    :raises RenderedLongAgo: naming today
    """
    refuse_rendered_long_ago(
        day, system.today, rendered_then=rendered_then, view=system.view, where=where
    )


def purpose_of(purpose: str, day: date, rendered_then: str) -> str:
    """For which purpose somebody acts, with why bills are dated long before today."""
    why = " ".join(rendered_then.split())
    return f"{purpose}, rendered on {day}: {why}" if why else purpose


def charge_before_bills(
    system: System,
    services: Sequence[BillableService],
    *,
    on: date,
    scope: str,
    dry_run: bool = False,
) -> LateRun:
    """Charge what is late of the accounts that have a bill due on a day, before it is made.

    So the charge is in the balance that the bill shows. Safe to run twice.
    """
    due, _ = first_due(services, on, system.view)
    accounts = list(dict.fromkeys(one.service.account.account_id for one in due))
    return charge_late(
        accounts,
        on=on,
        known_at=system.now,
        store=system.store,
        book=system.book,
        scope=scope,
        dry_run=dry_run,
    )


def credit_final_deposits(
    system: System, services: Sequence[BillableService], *, on: date
) -> DepositRun:
    """Credit deposits to the final bills that were issued, of services that have ended.

    What is not done here the night of deposits does: either way it is done once.
    """
    ended = [one for one in services if one.agreement.days.until_day is not None]
    accounts = [one.account.account_id for one in ended]
    desk = Desk(system.store, system.view, BY, system.now)
    return settle_final_bills(accounts, on=on, desk=desk)
