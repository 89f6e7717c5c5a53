"""Who takes part in an income programme on which days, as a file of another system says it.

Nothing of it is kept: it is read for one report. Made by ``stores/gateways/participants_csv``, held
against book and accounts by ``usecases/income_programs``.
"""

from __future__ import annotations

from dataclasses import dataclass

from meterledger.kernel.span import Validity


@dataclass(frozen=True, slots=True)
class TakesPart:
    """An account takes part in a programme on some days. ``line`` is where the file says so."""

    account_id: str
    program: str
    days: Validity
    line: int


@dataclass(frozen=True, slots=True)
class ParticipantFile:
    """A file that names participants: its name, for refusals and reports, and its lines."""

    name: str
    lines: tuple[TakesPart, ...]
