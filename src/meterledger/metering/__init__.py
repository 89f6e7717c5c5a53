"""The metering room: whether a reading is ours, new, signed and plausible as a measurement.

Others may call ``admit`` (is the meter installed at that time, can the value be a measurement),
``find_backward_steps`` (a register that runs back) and ``fills_slots`` (whether intervals tile
local days); ``Admission`` and ``MeterNotInstalled`` are
their answers.
``find_cases`` turns a meter's events into cases by the thresholds that ``event_terms`` reads.
``judge_message`` says whether a file is taken from its source. ``RULES`` are the decisions about
several meters, tests, service without a meter and what a meter may send.
"""

from meterledger.metering import account_meters, meter_data, meter_tests, unmetered
from meterledger.metering.admit import (
    UNADMITTED_PERCENT,
    Admission,
    MeterNotInstalled,
    admit,
)
from meterledger.metering.admit_blocks import admit_blocks
from meterledger.metering.event_cases import EVENT_VALUES, EventTerms, event_terms, find_cases
from meterledger.metering.later_files import give_way, places_told
from meterledger.metering.quarantined_runs import readings_of_run
from meterledger.metering.register_reads import (
    ActualReads,
    MeteredRegister,
    RegisterReadImpossible,
    actual_reads,
    first_on,
    shown_from_text,
)
from meterledger.metering.register_use import (
    RegisterStep,
    RegisterUse,
    RegisterValue,
    RegisterValueImpossible,
    use_between,
    use_over,
)
from meterledger.metering.registers import find_backward_steps
from meterledger.metering.signed_sources import (
    Message,
    MessageRefused,
    MessageVerdict,
    judge_message,
)
from meterledger.metering.slots import fills_slots
from meterledger.metering.unmetered import UNMETERED, UNMETERED_BILL, Device
from meterledger.metering.unmetered_energy import (
    SLOT_SECONDS,
    CalculatedEnergy,
    NoLoadThen,
    calculate_energy,
)
from meterledger.rulebook.rules import Rule

RULES: tuple[Rule, ...] = (
    *account_meters.RULES,
    *meter_tests.RULES,
    *unmetered.RULES,
    *meter_data.RULES,
)
"""Every rule of this room, for ``rules`` and ``decide``."""

__all__ = [
    "EVENT_VALUES",
    "RULES",
    "SLOT_SECONDS",
    "UNADMITTED_PERCENT",
    "UNMETERED",
    "UNMETERED_BILL",
    "ActualReads",
    "Admission",
    "CalculatedEnergy",
    "Device",
    "EventTerms",
    "Message",
    "MessageRefused",
    "MessageVerdict",
    "MeterNotInstalled",
    "MeteredRegister",
    "NoLoadThen",
    "RegisterReadImpossible",
    "RegisterStep",
    "RegisterUse",
    "RegisterValue",
    "RegisterValueImpossible",
    "actual_reads",
    "admit",
    "admit_blocks",
    "calculate_energy",
    "event_terms",
    "fills_slots",
    "find_backward_steps",
    "find_cases",
    "first_on",
    "give_way",
    "judge_message",
    "places_told",
    "readings_of_run",
    "shown_from_text",
    "use_between",
    "use_over",
]
