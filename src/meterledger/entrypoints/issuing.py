"""What doors do before a bill is issued: compare the clocks, charge what is late.

Lives here      asking all three for the time; the late charges that the bills will show.
Lives elsewhere how far clocks may be apart (``billing.gate_clock``, the book), late charges
                (``usecases/late_charges``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from meterledger.billing import gate_terms, refuse_clock_off
from meterledger.entrypoints.wiring import System
from meterledger.facts.places import BillableService
from meterledger.usecases.issue_bills import first_due
from meterledger.usecases.late_charges import LateRun, charge_late


def refuse_wrong_clock(system: System) -> None:
    """Refuse to issue where the machine's clock, the database's and what is kept disagree.

    :raises ClockIsOff: naming the instants and the tolerance
    """
    terms = gate_terms(system.view, system.today)
    if terms is not None:
        refuse_clock_off(system.now, system.today, system.store.clock(), terms)


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
