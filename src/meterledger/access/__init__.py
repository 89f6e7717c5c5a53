"""The access room: who may see or do what, for which purpose, on whose consent.

Others may call ``RULES``: for what data is used, who is given it, and the layers before it.
README.md beside this file says what else will be decided here.
"""

from meterledger.access import layers, uses
from meterledger.rulebook.rules import Rule

RULES: tuple[Rule, ...] = (*uses.RULES, *layers.RULES)
"""Every rule of this room, for ``rules`` and ``decide``."""

__all__ = ["RULES"]
