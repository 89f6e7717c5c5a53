"""What closing a day came to: each step, every account that was due, the day's money.

Lives here      the facts of a close and their JSON.
Lives elsewhere the table of steps (``close_day``), the steps (``close_steps``, ``close_bills``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any

from meterledger.kernel.money import usd_text
from meterledger.usecases.finance_reports import Tie
from meterledger.usecases.finance_unexplained import Unexplained


class StepState(Enum):
    """How a step ended."""

    DONE = "done"
    REFUSED = "refused"
    WAITS = "waits"
    """A step that it needs was refused, so it was not begun."""
    NOT_ASKED = "not asked"
    """Nothing was named that it could do."""
    NOT_BUILT = "not built in this version"


@dataclass(slots=True)
class StepTold:
    """One step: counts by word, cents by word, and who could not be served, with why."""

    name: str
    state: StepState = StepState.DONE
    counts: dict[str, int] = field(default_factory=dict)
    cents: dict[str, int] = field(default_factory=dict)
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Whom or what, and its sentence. The others of the step went on."""
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """The step, every amount a string."""
        return {
            "step": self.name,
            "state": self.state.value,
            "counts": self.counts,
            "usd": {word: usd_text(cents) for word, cents in self.cents.items()},
            "refused": [{"of": of, "sentence": sentence} for of, sentence in self.refused],
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many bills of a day that did not leave, for one reason, and whose they are."""

    code: str
    words: str
    owner: str
    count: int


@dataclass(slots=True)
class BillsOfDay:
    """Bills due on a day = billed + held + excluded; and the same of accounts.

    An account with several bills counts where it is worst off: held, then excluded, then billed.
    """

    known_accounts: int = 0
    due: int = 0
    billed: int = 0
    billed_cents: int = 0
    held: dict[str, int] = field(default_factory=dict)
    """Held bills by code."""
    excluded: int = 0
    billed_accounts: set[str] = field(default_factory=set)
    held_accounts: set[str] = field(default_factory=set)
    excluded_accounts: set[str] = field(default_factory=set)

    @property
    def held_count(self) -> int:
        """Bills held, whatever for."""
        return sum(self.held.values())

    @property
    def accounts(self) -> Mapping[str, int]:
        """Accounts: known, due, billed, held, excluded, not due."""
        held = self.held_accounts
        excluded = self.excluded_accounts - held
        billed = self.billed_accounts - held - excluded
        due = len(held) + len(excluded) + len(billed)
        return {
            "known": self.known_accounts,
            "due": due,
            "billed": len(billed),
            "held": len(held),
            "excluded": len(excluded),
            "not_due": self.known_accounts - due,
        }

    @property
    def tie(self) -> Tie:
        """Due against what became of it."""
        became = self.billed + self.held_count + self.excluded
        return Tie("bills due = billed + held + excluded", self.due, became, counts=True)


@dataclass(slots=True)
class DayClosed:
    """A day's close: steps in their order, everybody who was due, the money that came."""

    day: date
    steps: list[StepTold] = field(default_factory=list)
    bills: BillsOfDay = field(default_factory=BillsOfDay)
    waiting: list[Waiting] = field(default_factory=list)
    corrections: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Of corrected bills issued on the day: count and difference in cents, by who made them. None
    of them was due: a corrected bill is of a period that was billed before."""
    money: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Of money received on the day: count and cents, received first, then by how it stands."""
    ties: list[Tie] = field(default_factory=list)
    unexplained: list[Unexplained] = field(default_factory=list)

    @property
    def broken(self) -> list[Tie]:
        """Figures that are not the same on both sides."""
        return [one for one in self.ties if not one.holds]

    @property
    def unfinished(self) -> list[StepTold]:
        """Steps that were refused, or wait for one that was."""
        ends = (StepState.REFUSED, StepState.WAITS)
        return [one for one in self.steps if one.state in ends]

    @property
    def is_closed(self) -> bool:
        """Whether every step was done and every figure ties."""
        return not self.unfinished and not self.broken

    def as_json(self) -> dict[str, Any]:
        """The shape of ``close --json``, of one day."""
        return {
            "day": self.day.isoformat(),
            "closed": self.is_closed,
            "steps": [one.as_json() for one in self.steps],
            "bills": {
                "due": self.bills.due,
                "billed": self.bills.billed,
                "billed_usd": usd_text(self.bills.billed_cents),
                "held": self.bills.held_count,
                "excluded": self.bills.excluded,
                "waiting": [
                    {"code": one.code, "what": one.words, "owner": one.owner, "count": one.count}
                    for one in self.waiting
                ],
            },
            "accounts": dict(self.bills.accounts),
            "corrections": {
                word: {"count": count, "usd": usd_text(cents)}
                for word, (count, cents) in self.corrections.items()
            },
            "money": {
                word: {"count": count, "usd": usd_text(cents)}
                for word, (count, cents) in self.money.items()
            },
            "ties": [one.as_json() for one in self.ties],
            "unexplained": [one.as_json() for one in self.unexplained if one.count],
        }
