"""The metering room: whether a reading is ours, new, signed and plausible as a measurement.

Others may call ``admit`` (is the meter installed at that time, can the value be a measurement),
``find_backward_steps`` (a register that runs back) and ``fills_slots`` (whether intervals tile
local days); ``Admission`` and ``MeterNotInstalled`` are
their answers.
"""

from meterledger.metering.admit import (
    UNADMITTED_SHARE_MAX,
    Admission,
    MeterNotInstalled,
    admit,
)
from meterledger.metering.registers import find_backward_steps
from meterledger.metering.slots import fills_slots

__all__ = [
    "UNADMITTED_SHARE_MAX",
    "Admission",
    "MeterNotInstalled",
    "admit",
    "fills_slots",
    "find_backward_steps",
]
