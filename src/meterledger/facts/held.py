"""Held bills as cases: what held them, who looks at them, what was done; and what a run came to.

Lives here      frozen nouns: a finding of the gate, a case with its steps, a run, the two clocks.
Lives elsewhere what holds a bill (``billing/gate``), what may be done (``usecases/settle_held``),
                keeping them (``stores``).
Read first      docs/operating/held_bills.md; docs/glossary.md: "held", "gate".
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import Enum
from typing import Any

from meterledger.facts.bills import HeldBill
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Reason
from meterledger.kernel.span import DaySpan


@dataclass(frozen=True, slots=True)
class GateFinding:
    """One thing that a check of the gate noticed, with its evidence and the clause that counts.

    ``evidence`` is text by name, thresholds with the name of their value in the book among it.
    """

    code: str
    sentence: str
    citation: Citation
    evidence: tuple[tuple[str, str], ...] = ()

    @property
    def reason(self) -> Reason:
        """The finding as the reason of a decision."""
        return Reason(self.sentence, self.citation)

    def as_json(self) -> dict[str, object]:
        """As it is kept with a case and answered by commands."""
        return {
            "code": self.code,
            "sentence": self.sentence,
            "citation": self.citation.as_json(),
            "evidence": dict(self.evidence),
        }

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> GateFinding:
        """The finding as it was kept."""
        return cls(
            code=told["code"],
            sentence=told["sentence"],
            citation=Citation.from_json(told["citation"]),
            evidence=tuple(told["evidence"].items()),
        )


class GateOutcome(Enum):
    """Whether a bill leaves."""

    PASS = "pass"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class PastBill:
    """A live bill of an account at a service point, as much of it as a comparison needs."""

    bill_id: str
    days: DaySpan
    energy_wh: int
    total_cents: int


@dataclass(frozen=True, slots=True)
class SeenHold:
    """A bill that a run found held. Of one that was calculated, what it would have come to.

    ``ceiling_cents`` is there where the bill is above it: then two people let it go, or nobody.
    """

    held: HeldBill
    findings: tuple[GateFinding, ...] = ()
    total_cents: int | None = None
    energy_wh: int | None = None
    ceiling_cents: int | None = None


class HeldAct(Enum):
    """What happened to a case. The last two end it."""

    OPENED = "opened"
    SEEN = "seen"
    RELEASED = "released"
    APPROVED = "approved"
    EXCLUDED = "excluded"
    WAIVED = "waived"
    """One person would leave the period uncharged; another approves it."""
    REOPENED = "reopened"
    BILLED = "billed"
    REPLACED = "replaced"


ENDS = frozenset({HeldAct.BILLED, HeldAct.REPLACED})
LET_GO = frozenset({HeldAct.RELEASED, HeldAct.WAIVED})
BY_A_RUN = frozenset({HeldAct.OPENED, HeldAct.SEEN, HeldAct.BILLED, HeldAct.REPLACED})


class HeldState(Enum):
    """Where a case stands."""

    OPEN = "open"
    AWAITS_APPROVAL = "awaits approval"
    RELEASED = "released"
    EXCLUDED = "excluded"
    BILLED = "billed"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class HeldStep:
    """One step of a case. A run's ``opened`` and ``seen`` say what it found then.

    ``by`` and ``reason`` are of the person who released, approved, excluded, waived or reopened it.
    """

    act: HeldAct
    on: date
    learned_at: datetime
    by: str = ""
    reason: str = ""
    code: str = ""
    sentence: str = ""
    findings: tuple[GateFinding, ...] = ()
    total_cents: int | None = None
    energy_wh: int | None = None
    ceiling_cents: int | None = None
    bill_id: str = ""


@dataclass(frozen=True, slots=True)
class HeldCase:
    """One window of one agreement that is due and not billed, from its first hold to its end.

    ``days`` is None where not even the window could be worked out. ``ordinal`` counts the cases of
    the same window: at most one of them is open.
    """

    account_id: str
    agreement_id: str
    days: DaySpan | None
    ordinal: int
    steps: tuple[HeldStep, ...]

    @property
    def case_id(self) -> str:
        """Its name: the same window and ordinal have the same one, whoever opens it."""
        return held_case_id(self.agreement_id, self.days, self.ordinal)

    @property
    def opened(self) -> HeldStep:
        """Its first step."""
        return self.steps[0]

    @property
    def seen(self) -> HeldStep:
        """What the newest run found."""
        found = [one for one in self.steps if one.act in (HeldAct.OPENED, HeldAct.SEEN)]
        return found[-1]

    @property
    def decided(self) -> HeldStep | None:
        """The newest decision of a person that still stands; None where there is none.

        A release is of one bill: where the newest run found another total, or another finding, it
        stands no longer, and a person looks again.
        """
        found = [one for one in self.steps if one.act not in BY_A_RUN]
        if not found or found[-1].act is HeldAct.REOPENED:
            return None
        if found[-1].act is not HeldAct.EXCLUDED and not self._is_of_newest(found):
            return None
        return found[-1]

    def says_already(self, step: HeldStep) -> bool:
        """Whether the newest decision is this one, by the same person in the same words.

        Said twice, on whatever day and at whatever instant, it is kept once.
        """
        found = [one for one in self.steps if one.act not in BY_A_RUN]
        taken_back = bool(found) and found[-1].act is HeldAct.REOPENED
        last = found[-1] if taken_back else self.decided
        if not self.is_open or last is None:
            return False
        return replace(last, on=step.on, learned_at=step.learned_at) == step

    def _is_of_newest(self, decisions: list[HeldStep]) -> bool:
        release = [one for one in decisions if one.act in LET_GO][-1]
        return self.seen.total_cents == release.total_cents and {
            one.code for one in self.seen.findings
        } <= {one.code for one in release.findings}

    @property
    def released(self) -> HeldStep | None:
        """The release that stands, or that of a bill at zero, whether it was approved or not."""
        last = self.decided
        if last is None or last.act is HeldAct.EXCLUDED:
            return None
        return [one for one in self.steps if one.act in LET_GO][-1]

    @property
    def is_waived(self) -> bool:
        """Whether the release that stands leaves the period uncharged, approved or not."""
        release = self.released
        return release is not None and release.act is HeldAct.WAIVED

    @property
    def left_on(self) -> date | None:
        """When two people left the period uncharged; None where they did not."""
        last = self.decided
        return last.on if last and last.act is HeldAct.APPROVED and self.is_waived else None

    def as_known(self, known_at: datetime) -> HeldCase | None:
        """The case as it was known then; None where it was not."""
        steps = tuple(one for one in self.steps if one.learned_at <= known_at)
        return replace(self, steps=steps) if steps else None

    @property
    def needs_two(self) -> bool:
        """Whether the newest bill of the case lies above the ceiling."""
        return self.seen.ceiling_cents is not None

    @property
    def state(self) -> HeldState:
        """Where it stands now."""
        last = self.steps[-1]
        if last.act is HeldAct.BILLED:
            return HeldState.BILLED
        if last.act is HeldAct.REPLACED:
            return HeldState.REPLACED
        decided = self.decided
        if decided is None:
            return HeldState.OPEN
        if decided.act is HeldAct.EXCLUDED:
            return HeldState.EXCLUDED
        waits = decided.act is HeldAct.RELEASED and self.needs_two
        if waits or decided.act is HeldAct.WAIVED:
            return HeldState.AWAITS_APPROVAL
        return HeldState.RELEASED

    @property
    def is_open(self) -> bool:
        """Whether it is neither billed nor replaced by a case of another window."""
        return self.steps[-1].act not in ENDS

    def age_days(self, on: date) -> int:
        """For how many days it has been open."""
        return max(0, (on - self.opened.on).days)


def held_case_id(agreement_id: str, days: DaySpan | None, ordinal: int) -> str:
    """``H-`` and sixteen hexadecimal digits."""
    window = f"{days.from_day}/{days.until_day}" if days else "no window"
    return f"H-{sha256_hex(f'{agreement_id}|{window}|{ordinal}'.encode())[:16]}"


class RunState(Enum):
    """How a run ended; ``let_go`` is what a named person adds to one that was stopped."""

    FINISHED = "finished"
    STOPPED = "stopped"
    LET_GO = "let go"


@dataclass(frozen=True, slots=True)
class RunCounts:
    """Windows due = billed + held + excluded; those billed meanwhile are billed."""

    due: int = 0
    billed: int = 0
    held: int = 0
    excluded: int = 0
    known: int = 0
    """Of the billed, those that another run recorded."""
    total_cents: int = 0
    energy_wh: int = 0
    estimated: int = 0
    zero: int = 0
    by_code: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What a run of bills came to, or that it was let go. ``scope`` says of whom: ``cycle 5``."""

    run_id: str
    state: RunState
    scope: str
    on: date
    learned_at: datetime
    counts: RunCounts = field(default_factory=RunCounts)
    findings: tuple[GateFinding, ...] = ()
    """Of a stop: the measures that were beyond their bounds; of a letting go: those let go."""
    sentence: str = ""
    by: str = ""
    reason: str = ""


def run_id_of(scope: str, on: date, learned_at: datetime) -> str:
    """``R-`` and sixteen hexadecimal digits."""
    return f"R-{sha256_hex(f'{scope}|{on}|{learned_at.isoformat()}'.encode())[:16]}"


@dataclass(frozen=True, slots=True)
class StoreClock:
    """What the system of record says of time: its server's clock, and the newest it has kept.

    ``server`` is None where there is no server: in memory.
    """

    server: datetime | None
    newest_learned_at: datetime | None
    newest_issued_day: date | None
