"""The bank and the book, line by line: everything is matched, expected and not seen, or seen and
not expected.

Lives here      taking a file, matching, a person's word on a line, what stands today.
Lives elsewhere the rules of a match (``ledger.bank_match``), matching and undoing by hand
                (``bank_by_hand``), days (the book's folder
                ``reconciliation``), keeping (``stores``), formats (``stores/gateways/bank_files``).
Read first      docs/operating/reconciliation.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol, TypedDict

from meterledger.facts.bank import (
    BankFile,
    BankLine,
    BankMatch,
    BankStatement,
    BankTotals,
    Expectation,
    LineAct,
    LineStep,
    MatchRule,
    OpenLine,
)
from meterledger.facts.entry_names import BANK_ADJUSTMENT, entry_name
from meterledger.facts.money import Entry, Leg, has_sub_ledger
from meterledger.kernel.money import usd_display, usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.ledger import (
    CASH,
    CHART,
    UNAPPLIED,
    MatchWindow,
    control_of,
    match_bank_lines,
)
from meterledger.rulebook.book import BookView
from meterledger.usecases.at_once import looks_once_more
from meterledger.usecases.reconciliation_ports import Reconciliation

OWNER_OF_UNSEEN = "treasury"
OWNER_OF_UNEXPECTED = "cash operations"
STATEMENTS_LOOKED_AT = 1000
"""The newest so many, for what of the bank's days is told without a hole."""


class ReconciliationStore(Reconciliation, Protocol):
    """What these journeys need of the store."""

    def trial_balance(self) -> dict[str, int]:
        """Sum of legs by ledger account."""


class Word(TypedDict):
    """What every word of a person on bank and book comes with."""

    by: str
    reason: str
    learned_at: datetime
    store: ReconciliationStore


class LineRefused(Refusal):
    """A person's word on a line cannot be taken as it is."""


@dataclass(frozen=True, slots=True)
class BankPosition:
    """How bank and book stand on a day. Every figure is of everything stored.

    ``gaps`` are sentences of statements that do not follow each other.
    """

    on: date
    totals: BankTotals
    book_cash_cents: int
    open_lines: tuple[OpenLine, ...]
    unseen: tuple[Expectation, ...]
    overdue_days: int
    gaps: tuple[str, ...]

    @property
    def unexpected_cents(self) -> int:
        """Seen and not expected."""
        return sum(one.line.cents for one in self.open_lines)

    @property
    def unseen_cents(self) -> int:
        """Expected and not seen."""
        return sum(one.cents for one in self.unseen)

    @property
    def overdue(self) -> tuple[Expectation, ...]:
        """Expected longer ago than money takes."""
        return tuple(one for one in self.unseen if self.age(one) > self.overdue_days)

    @property
    def ties(self) -> bool:
        """Whether every tie holds to the cent."""
        return all(left == right for _, left, right in self.tie())

    def age(self, one: Expectation) -> int:
        """Days since its event."""
        return (self.on - one.day).days

    def tie(self) -> list[tuple[str, int, int]]:
        """(what is said, one side, the other), in cents."""
        totals = self.totals
        return [
            (
                "bank lines = matched + seen and not expected",
                totals.bank_cents,
                totals.bank_matched_cents + self.unexpected_cents,
            ),
            (
                "expected = matched + expected and not seen",
                totals.expected_cents,
                totals.expected_matched_cents + self.unseen_cents,
            ),
            ("cash in the book (131) = expected", self.book_cash_cents, totals.expected_cents),
            (
                "matched at the bank = matched of ours",
                totals.bank_matched_cents,
                totals.expected_matched_cents,
            ),
            (
                "cash in the book = bank + not seen - not expected",
                self.book_cash_cents,
                totals.bank_cents + self.unseen_cents - self.unexpected_cents,
            ),
        ]

    def as_json(self) -> dict[str, Any]:
        """The answer of ``bank open --json``."""
        return {
            "on": self.on.isoformat(),
            "ties": self.ties,
            "tie": [
                {"says": says, "left_usd": usd_text(left), "right_usd": usd_text(right)}
                for says, left, right in self.tie()
            ],
            "seen_not_expected": [line_json(one, self.on) for one in self.open_lines],
            "expected_not_seen": [
                {**expectation_json(one), "age_days": self.age(one), "owner": OWNER_OF_UNSEEN}
                for one in self.unseen
            ],
            "unexpected_usd": usd_text(self.unexpected_cents),
            "unseen_usd": usd_text(self.unseen_cents),
            "overdue": len(self.overdue),
            "gaps": list(self.gaps),
        }


@dataclass(frozen=True, slots=True)
class BankRun:
    """What a run of matching found, and how things stand after it."""

    matches: tuple[BankMatch, ...]
    position: BankPosition

    @property
    def by_rule(self) -> Mapping[str, tuple[int, int]]:
        """Matches and cents by rule."""
        found: dict[str, tuple[int, int]] = {}
        for rule in MatchRule:
            of_rule = [one for one in self.matches if one.rule is rule]
            if of_rule:
                cents = sum(line.cents for one in of_rule for line in one.lines)
                found[rule.value] = (len(of_rule), cents)
        return found

    def as_json(self) -> dict[str, Any]:
        """The answer of ``bank match --json``."""
        return {
            "matches": [
                {
                    "match": one.match_id,
                    "rule": one.rule.value,
                    "lines": [line.line_id for line in one.lines],
                    "expectations": [each.expectation_id for each in one.expectations],
                    "usd": usd_text(sum(line.cents for line in one.lines)),
                }
                for one in self.matches
            ],
            "by_rule": {
                rule: {"matches": count, "usd": usd_text(cents)}
                for rule, (count, cents) in self.by_rule.items()
            },
            **self.position.as_json(),
        }


def take_bank_file(file: BankFile, *, today: date, store: ReconciliationStore) -> bool:
    """Keep a file whole. False, and nothing changed, if its bytes are kept already.

    :raises LineRefused: if a statement or a line is of a day to come
    :raises Conflict: if a statement of the same account and day is kept from another file
    """
    for one in file.statements:
        last = max([one.as_of_day, *(line.booked_day for line in one.lines)])
        if last > today:
            raise LineRefused(
                f"The statement {one.statement_id} tells of {last}, and today is {today}",
                where=file.name,
                do="Nothing was kept. Ask the bank for the file again",
            )
    return store.record_bank_file(file)


@looks_once_more
def match_bank(
    *, on: date, learned_at: datetime, view: BookView, store: ReconciliationStore
) -> BankRun:
    """Match what is open on both sides, keep the matches, and say how things stand.

    :raises NoRuleInForce: if the book has no days of matching on ``on``
    :raises Conflict: if somebody else matched meanwhile; nothing of this run is kept then
    """
    lines = [one.line for one in store.open_bank_lines() if one.proposed is None]
    found = match_bank_lines(
        lines,
        store.open_expectations(),
        MatchWindow(
            days_after=int(view.number("bank_match_days_after").on(on).value),
            days_before=int(view.number("bank_match_days_before").on(on).value),
        ),
        seen=_days_told(store.bank_statements(limit=STATEMENTS_LOOKED_AT)),
        apart=frozenset().union(*(one.apart for one in store.bank_unmatches())),
    )
    store.record_bank_matches(found, learned_at=learned_at)
    return BankRun(tuple(found), bank_position(on=on, view=view, store=store))


def bank_position(*, on: date, view: BookView, store: ReconciliationStore) -> BankPosition:
    """How bank and book stand: all of both sides is in one of three places.

    :raises NoRuleInForce: if the book does not say when an expectation is overdue
    """
    cash = sum(cents for name, cents in store.trial_balance().items() if control_of(name) == CASH)
    return BankPosition(
        on=on,
        totals=store.bank_totals(),
        book_cash_cents=cash,
        open_lines=tuple(store.open_bank_lines()),
        unseen=tuple(store.open_expectations()),
        overdue_days=int(view.number("bank_unseen_overdue_days").on(on).value),
        gaps=tuple(_gaps(store)),
    )


def _days_told(statements: Sequence[BankStatement]) -> DaySpan | None:
    """The days of which every account at the bank has told everything, up to the newest.

    A statement goes on where it opens with what the one before closed with; before the last place
    where none does, money may have moved that nobody told of.
    """
    began, ended = dict[str, date](), dict[str, date]()
    opened = dict[str, int]()
    broken = set[str]()
    for one in statements:  # the newest first
        name = one.bank_account
        ended.setdefault(name, one.as_of_day)
        if name in broken:
            continue
        if opened.setdefault(name, one.closing_cents) != one.closing_cents:
            broken.add(name)
            continue
        began[name] = min([one.as_of_day, *(line.booked_day for line in one.lines)])
        opened[name] = one.opening_cents
    if not began:
        return None
    first, last = max(began.values()), min(ended.values())
    return DaySpan(first, last + timedelta(days=1)) if first <= last else None


def _gaps(store: ReconciliationStore) -> list[str]:
    """Statements of an account whose opening is not what the one before closed with."""
    found, before = [], dict[str, Any]()
    for one in reversed(store.bank_statements(limit=STATEMENTS_LOOKED_AT)):
        last = before.get(one.bank_account)
        if last is not None and last.closing_cents != one.opening_cents:
            found.append(
                f"Account {one.bank_account}: {last.as_of_day} closed with "
                f"{usd_display(last.closing_cents)} and {one.as_of_day} opens with "
                f"{usd_display(one.opening_cents)}; a statement between them is missing"
            )
        before[one.bank_account] = one
    return found


def explain_line(
    *, line_id: str, by: str, reason: str, learned_at: datetime, store: ReconciliationStore
) -> LineStep:
    """Say what a line is. It stays seen and not expected: words move no money.

    :raises LineRefused: without a name or a reason
    :raises NotFound: if there is no such line
    :raises Conflict: if it is matched already
    """
    refuse_nameless(line_id, by, reason)
    step = LineStep(line_id, LineAct.EXPLAINED, by.strip(), reason.strip(), learned_at)
    said = next((one.steps for one in store.open_bank_lines() if one.line.line_id == line_id), ())
    if said and replace(said[-1], learned_at=learned_at) == step:
        return said[-1]  # the answer was lost: it is explained already, in the same words
    store.record_line_step(step)
    return step


def propose_adjustment(
    *,
    line_id: str,
    ledger_account: str,
    by: str,
    reason: str,
    learned_at: datetime,
    store: ReconciliationStore,
) -> LineStep:
    """Propose to post a line that no event of ours explains; a second person decides.

    :raises LineRefused: without a name or a reason, or onto an account that a line cannot go to
    """
    refuse_nameless(line_id, by, reason)
    control = control_of(ledger_account)
    if ledger_account not in CHART and control not in CHART:
        raise LineRefused(
            f"'{ledger_account[:40]}' is no account of the chart",
            where=line_id,
            do="Name one of docs/reference/chart_of_accounts.md, like 921 for a fee of the bank",
        )
    if control == CASH or has_sub_ledger(ledger_account) or ledger_account == UNAPPLIED:
        raise LineRefused(
            f"An adjustment cannot post to {ledger_account}",
            where=line_id,
            why="Cash moves against something else, and money of customers is a payment: one that "
            "names no account waits as unapplied money until it is assigned",
            do="Take it as a payment, in a payment file if nobody knows the account",
        )
    step = LineStep(
        line_id, LineAct.PROPOSED, by.strip(), reason.strip(), learned_at, ledger_account
    )
    store.record_line_step(step)
    return step


def decide_adjustment(
    *,
    line_id: str,
    approve: bool,
    by: str,
    reason: str,
    learned_at: datetime,
    store: ReconciliationStore,
) -> Entry | None:
    """Let a proposed adjustment go, or not. Approved, it is posted and matched in one transaction.

    :raises LineRefused: without a name or a reason
    :raises NotFound: if there is no such line
    :raises Conflict: if nothing waits, or if who approves is who proposed
    """
    refuse_nameless(line_id, by, reason)
    act = LineAct.APPROVED if approve else LineAct.REJECTED
    step = LineStep(line_id, act, by.strip(), reason.strip(), learned_at)
    open_ = next((one for one in store.open_bank_lines() if one.line.line_id == line_id), None)
    if not approve or open_ is None or open_.proposed is None:
        store.record_line_step(step)  # refuses what cannot be
        return None
    name = entry_name(BANK_ADJUSTMENT, open_.adjustment_key)
    entry = adjustment_entry(name, open_.line, open_.proposed, learned_at)
    expected = Expectation(
        f"{entry.entry_id}#1", CASH, entry.effective_day, open_.line.cents, entry.cause
    )
    match = BankMatch(f"match:{line_id}", MatchRule.ADJUSTED, (open_.line,), (expected,))
    store.record_line_step(step, entry, match)
    return entry


def adjustment_entry(
    entry_id: str, line: BankLine, proposed: LineStep, learned_at: datetime
) -> Entry:
    """What an adjustment of a line posts: cash against the account that was proposed."""
    return Entry(
        entry_id=entry_id,
        effective_day=line.booked_day,
        learned_at=learned_at,
        legs=(Leg(CASH, line.cents), Leg(proposed.ledger_account, -line.cents)),
        cause=f"bank line {line.line_id}: {proposed.reason}",
    )


def refuse_nameless(line_id: str, by: str, reason: str) -> None:
    """What people say of bank and book has a name and a reason. :raises LineRefused:"""
    if not by.strip() or not reason.strip():
        raise LineRefused(
            "A word on a bank line has a name and a reason",
            where=line_id,
            do="Give both --by and --reason",
        )


def line_json(one: OpenLine, on: date) -> dict[str, Any]:
    """An open line in JSON, with what people said of it."""
    return {
        "line": one.line.line_id,
        "bank_account": one.bank_account,
        "day": one.line.booked_day.isoformat(),
        "usd": usd_text(one.line.cents),
        "reference": one.line.reference,
        "text": one.line.text,
        "code": one.line.code,
        "age_days": (on - one.line.booked_day).days,
        "owner": OWNER_OF_UNEXPECTED,
        "said": [
            {"act": step.act.value, "by": step.by, "reason": step.reason} for step in one.steps
        ],
    }


def expectation_json(one: Expectation) -> dict[str, Any]:
    """An expectation in JSON."""
    return {
        "expectation": one.expectation_id,
        "ledger_account": one.ledger_account,
        "day": one.day.isoformat(),
        "usd": usd_text(one.cents),
        "cause": one.cause,
        "reference": one.reference,
    }
