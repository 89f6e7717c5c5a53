"""What the bank says, what the book expects of it, and how the two were brought together.

Lives here      the nouns. Cents are positive for money into our account at the bank.
Lives elsewhere reading statements (``stores/gateways/bank_*``), matching (``ledger``), keeping
                (``stores``), the journey (``usecases/reconcile_bank``).
Read first      docs/glossary.md: "bank line", "expectation", "match".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from meterledger.kernel.ensure import ensure
from meterledger.kernel.people import same_person


@dataclass(frozen=True, slots=True)
class Expectation:
    """Money that an event of ours lets the bank show, written in the event's own transaction.

    ``reference`` is what the bank may print of it; ``batch`` names what it goes to the bank with
    (a day's deposit of one channel, a file). One bank line may be several expectations.
    """

    expectation_id: str
    ledger_account: str
    day: date
    cents: int
    cause: str
    reference: str = ""
    batch: str = ""

    def __post_init__(self) -> None:
        ensure(self.cents != 0, f"expectation {self.expectation_id} is of money")


@dataclass(frozen=True, slots=True)
class BankLine:
    """One movement on a bank statement, as the bank booked it."""

    line_id: str
    booked_day: date
    cents: int
    reference: str = ""
    text: str = ""
    code: str = ""

    def __post_init__(self) -> None:
        ensure(self.cents != 0, f"bank line {self.line_id} moves money")


@dataclass(frozen=True, slots=True)
class BankStatement:
    """One account's statement as of one day: what stood, what moved, what stands. It adds up."""

    statement_id: str
    bank_account: str
    as_of_day: date
    opening_cents: int
    closing_cents: int
    lines: tuple[BankLine, ...]

    def __post_init__(self) -> None:
        ensure(
            self.opening_cents + sum(one.cents for one in self.lines) == self.closing_cents,
            f"statement {self.statement_id} adds up",
        )


@dataclass(frozen=True, slots=True)
class BankFile:
    """A file of statements as it was taken, once for its bytes."""

    sha256: str
    name: str
    format: str
    statements: tuple[BankStatement, ...]
    learned_at: datetime

    @property
    def line_count(self) -> int:
        """Movements of all its statements."""
        return sum(len(one.lines) for one in self.statements)

    @property
    def cents(self) -> int:
        """The sum of its movements."""
        return sum(line.cents for one in self.statements for line in one.lines)


class MatchRule(Enum):
    """Why lines and expectations were taken for the same money. The names are shown."""

    REFERENCE = "exact by reference"
    AMOUNT = "by amount and days"
    BATCH = "many to one, as a batch"
    TAKEN_BACK = "taken back before the bank saw it"
    BANKS_OWN = "the bank's mistake and its correction"
    ADJUSTED = "adjusted by two people"
    BY_HAND = "by hand"


@dataclass(frozen=True, slots=True)
class BankMatch:
    """Lines of the bank and expectations of ours that are the same money, to the cent.

    A match by hand is of a person, who says why; any other is of its rule alone.
    """

    match_id: str
    rule: MatchRule
    lines: tuple[BankLine, ...]
    expectations: tuple[Expectation, ...]
    by: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        seen = sum(one.cents for one in self.lines)
        expected = sum(one.cents for one in self.expectations)
        ensure(seen == expected, f"match {self.match_id} is of the same money")
        ensure(bool(self.lines or self.expectations), f"match {self.match_id} matches something")
        is_said = self.rule is MatchRule.BY_HAND
        ensure(bool(self.by.strip()) is is_said, "a match by hand, and no other, has a name")
        ensure(bool(self.reason.strip()) is is_said, "a match by hand, and no other, has a reason")

    @property
    def pieces(self) -> frozenset[str]:
        """Names of what it brings together, on both sides."""
        lines = {one.line_id for one in self.lines}
        return frozenset(lines | {one.expectation_id for one in self.expectations})

    @property
    def cancels_cents(self) -> int:
        """What goes each way where one side alone cancels itself; 0 where both sides are there."""
        if self.lines and self.expectations:
            return 0
        alone = [one.cents for one in self.lines or self.expectations]
        return sum(cents for cents in alone if cents > 0)


@dataclass(frozen=True, slots=True)
class BankUnmatch:
    """A match that somebody undid, with a name and a reason: its pieces are open again.

    What two people posted as an adjustment is taken back by two people.
    """

    match: BankMatch
    by: str
    reason: str
    learned_at: datetime
    approved_by: str = ""

    def __post_init__(self) -> None:
        ensure(bool(self.by.strip() and self.reason.strip()), "a match is undone by a name, why")
        ensure(not same_person(self.by, self.approved_by), "two people are two")

    @property
    def apart(self) -> frozenset[frozenset[str]]:
        """Pairs of pieces that are not the same money: no rule brings them together again."""
        lines = [one.line_id for one in self.match.lines]
        ours = [one.expectation_id for one in self.match.expectations]
        if lines and ours:
            return frozenset(frozenset((a, b)) for a in lines for b in ours)
        alone = lines or ours
        return frozenset(frozenset((a, b)) for a in alone for b in alone if a < b)


class LineAct(Enum):
    """What a person said of a line that nobody expected, or whose match was wrong."""

    EXPLAINED = "explained"
    PROPOSED = "adjustment proposed"
    APPROVED = "adjustment approved"
    REJECTED = "adjustment rejected"
    UNMATCHED = "match undone"


@dataclass(frozen=True, slots=True)
class LineStep:
    """A person's word on a line: what it is, or an adjustment proposed or decided.

    ``ledger_account`` is where a proposed adjustment would post the money; empty otherwise.
    """

    line_id: str
    act: LineAct
    by: str
    reason: str
    learned_at: datetime
    ledger_account: str = ""


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line that is seen and not expected, with what people have said of it, oldest first."""

    line: BankLine
    bank_account: str
    steps: tuple[LineStep, ...] = ()

    @property
    def proposed(self) -> LineStep | None:
        """The adjustment that waits for a second person, if one does."""
        asked = [one for one in self.steps if one.act is not LineAct.EXPLAINED]
        return asked[-1] if asked and asked[-1].act is LineAct.PROPOSED else None

    @property
    def adjustment_key(self) -> str:
        """The name of an adjustment of it: its own, with a number after one that was undone."""
        before = sum(one.act is LineAct.APPROVED for one in self.steps)
        return f"{self.line.line_id}.{before + 1}" if before else self.line.line_id


@dataclass(frozen=True, slots=True)
class BankTotals:
    """Cents on both sides, and what of them is matched."""

    bank_cents: int
    bank_matched_cents: int
    expected_cents: int
    expected_matched_cents: int
    lines: int
    lines_matched: int

    @property
    def unexpected_cents(self) -> int:
        """Seen and not expected."""
        return self.bank_cents - self.bank_matched_cents

    @property
    def unseen_cents(self) -> int:
        """Expected and not seen."""
        return self.expected_cents - self.expected_matched_cents
