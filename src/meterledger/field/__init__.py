"""The field room: who comes to which meter and when, and what a refusal leads to.

Others may call ``RULES``: what opting out of a remotely read meter costs, readings by customers,
meters out of reach and the health checklist of installers. README.md beside
this file says what else will be decided here.
"""

from meterledger.field import customer_readings, installer_health, meter_access, opt_out_fees
from meterledger.rulebook.rules import Rule

RULES: tuple[Rule, ...] = (
    *opt_out_fees.RULES,
    *customer_readings.RULES,
    *meter_access.RULES,
    *installer_health.RULES,
)
"""Every rule of this room, for ``rules`` and ``decide``."""

__all__ = ["RULES"]
