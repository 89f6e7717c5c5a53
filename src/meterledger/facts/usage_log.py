"""What the nightly usage journey writes down: findings, estimates, reviews, edits, efforts, runs.

Made by ``usecases/validate_usage`` and ``usecases/review_usage``; kept by ``stores``. Everything is
added and nothing is changed: the state of a finding follows from what was written after it.
Meters carry both their pseudonym (``meter``, the lake's name) and their number (``meter_id``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum

from meterledger.facts.estimates import Estimate
from meterledger.facts.findings import Finding, Weight
from meterledger.kernel.canonical import canonical_bytes, sha256_hex
from meterledger.kernel.ensure import ensure

ID_DIGITS = 32
VALUES = "values"
"""The name in a finding's evidence of the hash of the day's values."""


class ReviewAct(Enum):
    """The ways out of the review queue. A rejected day stays held until it is read or estimated."""

    ACCEPT = "accept"
    EDIT = "edit"
    ESTIMATE = "estimate"
    REJECT = "reject"


class FindingState(Enum):
    """Where a finding stands, by the records after it."""

    NOTED = "noted"
    OPEN = "open"
    ACCEPTED = "accepted"
    EDITED = "edited"
    ESTIMATED = "estimated"
    REJECTED = "rejected"
    CLEARED = "cleared"


STATE_AFTER = {
    ReviewAct.ACCEPT: FindingState.ACCEPTED,
    ReviewAct.EDIT: FindingState.EDITED,
    ReviewAct.ESTIMATE: FindingState.ESTIMATED,
    ReviewAct.REJECT: FindingState.REJECTED,
}


@dataclass(frozen=True, slots=True)
class LoggedFinding:
    """One finding of one meter's local day, with the thresholds it was measured against.

    ``digest`` names what was found whoever found it: the same twice is one finding, and new
    evidence is a new one. ``run`` is the run of the journey that wrote it down.
    """

    meter: str
    meter_id: str
    day: date
    finding: Finding
    run: str
    learned_at: datetime
    thresholds: tuple[tuple[str, str], ...] = ()

    @property
    def digest(self) -> str:
        """The hash of meter, day, code, weight, and what was looked at.

        Where the evidence names the day's values by their hash, those are what was looked at: what
        a person has accepted stays accepted when only the history beside it has grown.
        """
        seen = {name: str(value) for name, value in self.finding.evidence.items()}
        if VALUES in seen:
            seen = {VALUES: seen[VALUES]}
        told = {
            "meter": self.meter,
            "day": self.day.isoformat(),
            "code": self.finding.code,
            "weight": self.finding.weight.value,
            "seen": seen,
        }
        return sha256_hex(canonical_bytes(told))[:ID_DIGITS]

    @property
    def finding_id(self) -> str:
        """Its name: the digest and the run."""
        return sha256_hex(f"{self.digest}:{self.run}".encode())[:ID_DIGITS]


@dataclass(frozen=True, slots=True)
class UsageReview:
    """What a person decided about one meter's held day, on which findings, and why.

    ``sequence`` is the lake's commit sequence that the person saw, or that the edit made.
    """

    meter: str
    meter_id: str
    day: date
    act: ReviewAct
    author: str
    reason: str
    at: datetime
    finding_ids: tuple[str, ...]
    sequence: int

    def __post_init__(self) -> None:
        ensure(bool(self.author.strip()), "a review has an author")
        ensure(bool(self.reason.strip()), "a review has a reason")


@dataclass(frozen=True, slots=True)
class UsageEdit:
    """A change of values by a person: a new version in the lake, beside the old one.

    The old values are those at ``before_sequence``; the new ones are those of the version that the
    edit published. ``start`` and ``until`` are UTC epoch seconds, half open.
    """

    meter: str
    meter_id: str
    day: date
    start: int
    until: int
    before_wh: int
    after_wh: int
    interval_count: int
    before_sequence: int
    author: str
    reason: str
    at: datetime

    def __post_init__(self) -> None:
        ensure(bool(self.author.strip()), "an edit has an author")
        ensure(bool(self.reason.strip()), "an edit has a reason")


@dataclass(frozen=True, slots=True)
class FindingOnFile:
    """A finding, and what was written after it."""

    logged: LoggedFinding
    cleared_at: datetime | None = None
    review: UsageReview | None = None
    """The newest review that names it."""

    @property
    def state(self) -> FindingState:
        """Where it stands."""
        if self.cleared_at is not None:
            return FindingState.CLEARED
        if self.review is not None:
            return STATE_AFTER[self.review.act]
        if self.logged.finding.weight is Weight.NOTE:
            return FindingState.NOTED
        return FindingState.OPEN

    @property
    def holds(self) -> bool:
        """Whether it keeps its day from being billed."""
        return (
            self.logged.finding.weight is Weight.HOLD
            and self.state in (FindingState.OPEN, FindingState.REJECTED)
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class LoggedEstimate:
    """An estimate with the number of its meter, its local day, and the version that carries it."""

    estimate: Estimate
    meter_id: str
    day: date
    run: str
    interval_count: int
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class ReadingEffort:
    """An effort to obtain an actual reading (estimation.records.reasons_and_efforts).

    ``kind`` is what was done (``poll``, ``on_demand_read``, ``field_visit``, ``customer_asked``),
    ``outcome`` what came of it.
    """

    meter: str
    meter_id: str
    day: date
    kind: str
    outcome: str
    by: str
    at: datetime

    def __post_init__(self) -> None:
        ensure(
            bool(self.kind and self.outcome and self.by), "an effort says what, by whom, and how"
        )


@dataclass(frozen=True, slots=True)
class MeterOnDay:
    """A service point on a day: its meter, if there is one, and whether anybody has service."""

    service_point_id: str
    meter_id: str | None
    multiplier: int
    installed_day: date | None
    in_service: bool
    began_second: int = 0
    """Since which second of ``installed_day`` it measures, where it was exchanged inside it."""
    served_since: date | None = None
    """The first day on which the account that has service on the day had it there."""


@dataclass(frozen=True, slots=True)
class UsageRun:
    """One run of the journey over a local day. ``base_sequence`` is the lake it began with."""

    run_id: str
    day: date
    base_sequence: int
    batch_count: int
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class UsageCounts:
    """Meter-days of a batch or a run. Each is in exactly one of the four.

    ``complete`` every interval is known and none is ours; ``estimated`` some were estimated, and
    the day is billable; ``held`` a person must look; ``no_meter`` nobody measures the place.
    """

    complete: int = 0
    estimated: int = 0
    held: int = 0
    no_meter: int = 0
    findings: int = 0
    estimated_intervals: int = 0
    estimated_wh: int = 0

    @property
    def meter_days(self) -> int:
        """All of them: complete + estimated + held + no meter."""
        return self.complete + self.estimated + self.held + self.no_meter

    def __add__(self, other: UsageCounts) -> UsageCounts:
        return UsageCounts(
            self.complete + other.complete,
            self.estimated + other.estimated,
            self.held + other.held,
            self.no_meter + other.no_meter,
            self.findings + other.findings,
            self.estimated_intervals + other.estimated_intervals,
            self.estimated_wh + other.estimated_wh,
        )

    def as_json(self) -> dict[str, object]:
        """As commands answer it; energy is a string, as everywhere."""
        return {
            "meter_days": self.meter_days,
            "complete": self.complete,
            "estimated": self.estimated,
            "held": self.held,
            "no_meter": self.no_meter,
            "findings": self.findings,
            "estimated_intervals": self.estimated_intervals,
            "estimated_wh": str(self.estimated_wh),
        }


@dataclass(frozen=True, slots=True)
class UsageBatchDone:
    """A batch of a run that is finished: its number, what it left the lake at, and its counts."""

    run_id: str
    number: int
    sequence: int
    counts: UsageCounts


@dataclass(frozen=True, slots=True)
class UsageBatchRecord:
    """All that one batch writes down, in one transaction."""

    run: UsageRun
    number: int
    counts: UsageCounts
    learned_at: datetime
    findings: tuple[LoggedFinding, ...] = field(default=())
    cleared: tuple[str, ...] = field(default=())
    estimates: tuple[LoggedEstimate, ...] = field(default=())
