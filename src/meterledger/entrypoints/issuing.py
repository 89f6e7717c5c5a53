"""What doors do before a bill is issued: compare the clocks. They alone read the machine's.

Lives here      asking all three for the time.
Lives elsewhere how far they may be apart (``billing.gate_clock``, the book).
"""

from __future__ import annotations

from meterledger.billing import gate_terms, refuse_clock_off
from meterledger.entrypoints.wiring import System


def refuse_wrong_clock(system: System) -> None:
    """Refuse to issue where the machine's clock, the database's and what is kept disagree.

    :raises ClockIsOff: naming the instants and the tolerance
    """
    terms = gate_terms(system.view, system.today)
    if terms is not None:
        refuse_clock_off(system.now, system.today, system.store.clock(), terms)
