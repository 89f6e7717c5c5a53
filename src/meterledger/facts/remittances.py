"""A file of payments as its sender tells it, before anybody knows whose they are.

Lives here      the nouns: lines with an account as told, lines that cannot be read, stated totals.
Lives elsewhere reading files (``stores/gateways/lockbox``, ``payment_csv``), posting them
                (``usecases/payment_files``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from meterledger.facts.money import Tender
from meterledger.facts.payments import Channel, RefusedLine


@dataclass(frozen=True, slots=True)
class RemittanceLine:
    """One payment of a file; ``key`` is made of what names it at its sender, for ever."""

    line: int
    key: str
    account_told: str
    cents: int
    tender: Tender
    received_day: date
    check_number: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class RemittanceFile:
    """All lines of a file. ``stated_cents`` is what the sender says that it sums to."""

    profile: str
    channel: Channel
    is_mailed: bool
    deposited_day: date
    lines: tuple[RemittanceLine, ...]
    refused: tuple[RefusedLine, ...]
    stated_cents: int
