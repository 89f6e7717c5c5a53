"""Which lines of a bank statement are the money that we expected.

Five named rules, the surest first; what one has taken the next does not see. A rule takes nothing
where two answers are as good as each other: a person then says which, and no money is guessed.

Lives here      the rules, pure: the same lines and expectations give the same matches.
Lives elsewhere days of the windows (the book's ``reconciliation`` folder), keeping matches
                (``stores``), adjustments by two people (``usecases/reconcile_bank``).
Read first      docs/operating/reconciliation.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from meterledger.facts.bank import BankLine, BankMatch, Expectation, MatchRule
from meterledger.kernel.span import DaySpan

One = TypeVar("One")


@dataclass(frozen=True, slots=True)
class MatchWindow:
    """How many days after its event money may show at the bank, and how many before it."""

    days_after: int
    days_before: int

    def holds(self, expectation: Expectation, line: BankLine) -> bool:
        """Whether the line's day is near enough to the expectation's."""
        earliest = expectation.day - timedelta(days=self.days_before)
        return earliest <= line.booked_day <= expectation.day + timedelta(days=self.days_after)


def match_bank_lines(
    lines: Sequence[BankLine],
    expectations: Sequence[Expectation],
    window: MatchWindow,
    *,
    seen: DaySpan | None,
    apart: Collection[frozenset[str]] = (),
) -> list[BankMatch]:
    """Every match that a rule is sure of. A line and an expectation are in one match at most.

    ``seen`` are the days of which the bank has told everything; None if it has told nothing.
    ``apart`` are pairs of pieces that a person said are not the same money.
    Pieces given in another order give the same matches.
    """
    work = _Work(
        {one.line_id: one for one in sorted(lines, key=_line_order)},
        {one.expectation_id: one for one in sorted(expectations, key=_expectation_order)},
        window,
        seen,
        frozenset(apart),
    )
    for rule in (_by_reference, _as_batch, _by_amount, _banks_own, _taken_back):
        rule(work)
    return work.found


class _Work:
    """What is still open, and what was found."""

    def __init__(
        self,
        lines: dict[str, BankLine],
        open_: dict[str, Expectation],
        window: MatchWindow,
        seen: DaySpan | None,
        apart: frozenset[frozenset[str]],
    ) -> None:
        self.lines = lines
        self.open = open_
        self.window = window
        self.seen = seen
        self.apart = apart
        self.found: list[BankMatch] = []

    def may_be_one(self, line: BankLine, ours: Iterable[Expectation]) -> bool:
        """Whether nobody has said that the line is other money than one of these."""
        return not any(frozenset((line.line_id, one.expectation_id)) in self.apart for one in ours)

    def take(
        self, rule: MatchRule, lines: Sequence[BankLine], expectations: Sequence[Expectation]
    ) -> None:
        """The pieces are the same money."""
        named = lines[0].line_id if lines else expectations[0].expectation_id
        self.found.append(BankMatch(f"match:{named}", rule, tuple(lines), tuple(expectations)))
        for line in lines:
            del self.lines[line.line_id]
        for one in expectations:
            del self.open[one.expectation_id]


def _by_reference(work: _Work) -> None:
    """The bank prints our reference, and the amount is the same: whatever the days are."""
    expected = _grouped(work.open.values(), lambda one: (one.reference, one.cents))
    seen = _grouped(work.lines.values(), lambda one: (one.reference, one.cents))
    for key, lines in seen.items():
        ours = expected.get(key, [])
        if key[0] and len(lines) == len(ours) == 1 and work.may_be_one(lines[0], ours):
            work.take(MatchRule.REFERENCE, lines, ours)
    batches = _grouped(work.open.values(), lambda one: one.batch)
    for line in list(work.lines.values()):
        ours = batches.get(line.reference, []) if line.reference else []
        is_all = bool(ours) and sum(one.cents for one in ours) == line.cents
        if is_all and work.may_be_one(line, ours):
            work.take(MatchRule.REFERENCE, [line], ours)
            batches[line.reference] = []


def _taken_back(work: _Work) -> None:
    """Our event and its reversal, when the bank has told all their days and shows neither."""
    for ours in _grouped(work.open.values(), lambda one: one.ledger_account).values():
        for given, back in _opposite(ours, lambda one: one.cents, lambda one: one.reference):
            first, last = sorted((given.day, back.day))
            last += timedelta(days=work.window.days_after)
            is_apart = frozenset((given.expectation_id, back.expectation_id)) in work.apart
            told = work.seen is not None and first in work.seen and last in work.seen
            if told and not is_apart:
                work.take(MatchRule.TAKEN_BACK, [], [given, back])


def _banks_own(work: _Work) -> None:
    """The bank booked something and took it back, under one reference."""
    for given, back in _opposite(
        list(work.lines.values()), lambda one: one.cents, lambda one: one.reference
    ):
        is_apart = frozenset((given.line_id, back.line_id)) in work.apart
        near = abs((back.booked_day - given.booked_day).days) <= work.window.days_after
        if near and not is_apart:
            work.take(MatchRule.BANKS_OWN, [given, back], [])


def _as_batch(work: _Work) -> None:
    """One line is all that a channel sent of one day, or of one file: money in, money out, or both.

    Taken only where one batch alone fits the line and the line alone fits the batch.
    """
    batches: dict[tuple[str, ...], list[Expectation]] = {}
    for one in work.open.values():
        side = "in" if one.cents > 0 else "out"
        for key in {
            (one.ledger_account, one.batch or one.day.isoformat(), side),
            (one.ledger_account, one.batch or one.day.isoformat()),
        }:
            batches.setdefault(key, []).append(one)
    distinct = {frozenset(one.expectation_id for one in each): each for each in batches.values()}
    by_cents = _grouped(
        (each for each in distinct.values() if len(each) > 1),
        lambda each: sum(one.cents for one in each),
    )
    _take_pairs(
        work,
        MatchRule.BATCH,
        by_cents,
        lambda each, line: all(work.window.holds(one, line) for one in each),
    )


def _by_amount(work: _Work) -> None:
    """The same amount within the days, and no other of that amount within them."""
    by_cents = _grouped(([one] for one in work.open.values()), lambda each: each[0].cents)
    _take_pairs(
        work, MatchRule.AMOUNT, by_cents, lambda each, line: work.window.holds(each[0], line)
    )


def _take_pairs(
    work: _Work,
    rule: MatchRule,
    by_cents: dict[int, list[list[Expectation]]],
    near: Callable[[list[Expectation], BankLine], bool],
) -> None:
    """Pairs of which neither side has another partner; the answer does not hang on an order."""

    def fits(each: list[Expectation], line: BankLine) -> bool:
        return near(each, line) and work.may_be_one(line, each)

    lines = _grouped(work.lines.values(), lambda line: line.cents)
    pairs: list[tuple[BankLine, list[Expectation]]] = []
    for cents, seen in lines.items():
        groups = by_cents.get(cents, [])
        for line in seen:
            fitting = [each for each in groups if fits(each, line)]
            if len(fitting) == 1 and sum(fits(fitting[0], other) for other in seen) == 1:
                pairs.append((line, fitting[0]))
    taken: dict[str, int] = defaultdict(int)
    for _, each in pairs:
        for one in each:
            taken[one.expectation_id] += 1
    for line, each in pairs:
        if all(taken[one.expectation_id] == 1 for one in each):
            work.take(rule, [line], each)


def _opposite(
    pieces: Sequence[One], cents: Callable[[One], int], reference: Callable[[One], str]
) -> list[tuple[One, One]]:
    """Pairs under one reference that are each other's opposite, and have no other."""
    found = []
    by_amount = _grouped(pieces, lambda one: (reference(one), abs(cents(one))))
    for (named, _), alike in by_amount.items():
        if named and len(alike) == 2 and cents(alike[0]) == -cents(alike[1]):
            found.append((alike[0], alike[1]))
    return found


Key = TypeVar("Key", bound=Hashable)


def _grouped(pieces: Iterable[One], key: Callable[[One], Key]) -> dict[Key, list[One]]:
    found: dict[Key, list[One]] = {}
    for one in pieces:
        found.setdefault(key(one), []).append(one)
    return found


def _line_order(line: BankLine) -> tuple[object, ...]:
    return line.booked_day, line.line_id


def _expectation_order(one: Expectation) -> tuple[object, ...]:
    return one.day, one.expectation_id
