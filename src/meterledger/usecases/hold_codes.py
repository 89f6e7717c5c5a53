"""In which queue a refused bill is held: a code for each kind of refusal.

Lives here      the codes.
Lives elsewhere who owns the queue of a code (``billing.gate_owners``), what holds a bill
                (``calculate_bills``).
"""

from __future__ import annotations

from meterledger import rating
from meterledger.billing import UnknownTaxPlace
from meterledger.kernel.refusal import Refusal
from meterledger.metering import NoLoadThen
from meterledger.programs import CreditsOverused
from meterledger.usage import UsageNotTiled, WindowHasGap
from meterledger.usecases.beside_usage import NotReceived
from meterledger.usecases.joined_services import NotTogether
from meterledger.usecases.register_windows import RegisterHeld
from meterledger.usecases.unmetered_usage import UnmeteredHeld
from meterledger.usecases.window_usage import MeterNotWhole


def hold_code(refusal: Refusal) -> str:
    """Whose queue a held bill belongs in; what is not told apart here is the book's."""
    if isinstance(refusal, RegisterHeld):
        return refusal.code
    if isinstance(refusal, NotTogether):
        return refusal.code
    if isinstance(refusal, MeterNotWhole):
        return "meter.not_whole"
    if isinstance(refusal, NoLoadThen | UnmeteredHeld):
        return "meter.unmetered"
    if isinstance(refusal, UnknownTaxPlace):
        return "premise.tax_place"
    if isinstance(refusal, NotReceived):
        return "usage.not_received"
    if isinstance(refusal, rating.HistoryNeeded | rating.KvarNeeded):
        return "usage.demand_unknown"
    if isinstance(refusal, rating.ProgramNotOpen | rating.ProgramFactsNeeded | CreditsOverused):
        return "program.refused"
    if isinstance(refusal, rating.IntervalTooLong):
        return "usage.interval_too_long"
    if isinstance(refusal, WindowHasGap):
        return "usage.gap"
    if isinstance(refusal, UsageNotTiled):
        return "usage.not_tiled"
    return "book.silent"
