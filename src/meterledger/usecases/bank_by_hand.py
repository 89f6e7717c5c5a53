"""A person says which pieces of bank and book are the same money, and which are not.

Two answers were as good as each other, a match was undone by mistake, or money of ours went in and
out without a line of the bank: a payment and its return, a deposit and its correction. It moves no
money, so that one person says it, with a name and a reason; any person may undo it the same way.

Lives here      matching by hand, with a line of the bank or without one; undoing a match.
Lives elsewhere the rules (``ledger.bank_match``), adjusting (``reconcile_bank``).
Read first      docs/operating/reconciliation.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from meterledger.facts.bank import (
    BankLine,
    BankMatch,
    BankUnmatch,
    Expectation,
    LineAct,
    MatchRule,
)
from meterledger.facts.entry_names import BANK_ADJUSTMENT, entry_name
from meterledger.facts.money import Entry
from meterledger.kernel.money import usd_display
from meterledger.kernel.people import same_person
from meterledger.ledger import CASH, reverse_entry
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.reconcile_bank import (
    LineRefused,
    ReconciliationStore,
    adjustment_entry,
    refuse_nameless,
)


def match_by_hand(
    pieces: Sequence[str],
    *,
    by: str,
    reason: str,
    learned_at: datetime,
    store: ReconciliationStore,
) -> BankMatch:
    """Match open lines of the bank and expectations of ours, by their names.

    Without a line, expectations cancel each other where they come to nothing together: the bank
    showed neither, and nothing of them is expected any more. Both sums of what is open stay what
    they are. Asked again in the same words, it answers with the match that stands.

    :raises LineRefused: without a name or a reason, with fewer than two pieces, of money that is
        not the same to the cent, or of a line whose adjustment waits for a second person
    :raises NotFound: if nothing has the name of a piece
    :raises Conflict: if a piece is matched already
    """
    names = tuple(dict.fromkeys(one.strip() for one in pieces if one.strip()))
    where = names[0] if names else "reconciliation"
    refuse_nameless(where, by, reason)
    if len(names) < 2:
        raise LineRefused(
            "A match by hand is of two pieces or more",
            where=where,
            do="Name a line of the bank and what we expect of it, or two of ours that cancel each "
            "other, as `meterledger bank open` shows",
        )
    open_lines = {one.line.line_id: one for one in store.open_bank_lines()}
    ours = {one.expectation_id: one for one in store.open_expectations()}
    for name in names:
        if name in open_lines or name in ours:
            continue
        known = store.bank_match_of(name)
        if known is not None and _is_the_same(known, names, by, reason):
            return known
        raise _not_open(name, known)
    chosen = [open_lines[name] for name in names if name in open_lines]
    for one in chosen:
        if one.proposed is not None:
            raise LineRefused(
                f"An adjustment of {one.line.line_id} waits for a second person",
                where=one.line.line_id,
                why=f"{one.proposed.by} proposed to post it",
                do="Turn that down with `meterledger bank reject`, and match it then",
            )
    lines = sorted((one.line for one in chosen), key=lambda one: (one.booked_day, one.line_id))
    expected = [ours[name] for name in names if name in ours]
    expected.sort(key=lambda one: (one.day, one.expectation_id))
    _refuse_other_money(lines, expected, where)
    first = lines[0].line_id if lines else expected[0].expectation_id
    told = (by.strip(), reason.strip())
    match = BankMatch(f"match:{first}", MatchRule.BY_HAND, tuple(lines), tuple(expected), *told)
    try:
        store.record_bank_matches([match], learned_at=learned_at)
    except Conflict:
        known = store.bank_match_of(first)
        if known is None or not _is_the_same(known, names, by, reason):
            raise
        return known
    return store.bank_match_of(first) or match


def undo_match(
    *,
    match_id: str,
    by: str,
    reason: str,
    learned_at: datetime,
    today: date,
    store: ReconciliationStore,
    approved_by: str = "",
) -> BankUnmatch:
    """Undo a match: its lines and what we expect are open again, and no rule joins them again.

    A match of a rule moved no money: one person undoes it, with a name and a reason. An adjustment
    was posted by two people; two take it back, by the reversal of its entry, leg by leg. Asked
    again in the same words, it answers what was done.

    :raises LineRefused: without a name or a reason, where two people are asked for and are not, or
        of an adjustment and its own reversal
    :raises NotFound: if there is no such match, or it was undone
    :raises Conflict: if somebody else undid it meanwhile
    """
    refuse_nameless(match_id, by, reason)
    said = (by.strip(), reason.strip(), approved_by.strip())
    try:
        return _undo(match_id, said, learned_at, today, store)
    except (Conflict, NotFound):
        # The answer was lost, or two sent the same words at once.
        known = store.bank_unmatch_of(match_id)
        if known is None or said != (known.by, known.reason, known.approved_by):
            raise
        return known


def _undo(
    match_id: str,
    said: tuple[str, str, str],
    learned_at: datetime,
    today: date,
    store: ReconciliationStore,
) -> BankUnmatch:
    by, reason, other = said
    match = store.bank_match(match_id)
    if other and same_person(other, by):
        raise LineRefused(
            f"{other} cannot approve what {other} undoes",
            where=match_id,
            why="Money is moved by two people",
            do="Let another person look at it, and name them with --approved-by",
        )
    adjusted = entry_name(BANK_ADJUSTMENT, "")
    if match.rule is MatchRule.TAKEN_BACK and any(
        one.expectation_id.startswith(adjusted) for one in match.expectations
    ):
        raise LineRefused(
            "An adjustment that two people took back is taken back for good",
            where=match_id,
            why="Apart from its reversal it would be matched to a line, and is in no book",
            do="Propose the adjustment of the line anew with `meterledger bank adjust`",
        )
    is_posted = match.rule is MatchRule.ADJUSTED
    if is_posted and not other:
        raise LineRefused(
            "An adjustment was posted by two people, and two take it back",
            where=match_id,
            do="Name the other person with --approved-by",
        )
    undone = BankUnmatch(match, by, reason, learned_at, other)
    entries, together = _taken_back(undone, today, store) if is_posted else ([], None)
    store.record_bank_unmatch(undone, entries=entries, match=together)
    return undone


def _taken_back(
    undone: BankUnmatch, today: date, store: ReconciliationStore
) -> tuple[list[Entry], BankMatch]:
    """The reversal of an adjustment's entry, and the two of them together."""
    (line,), (expected,) = undone.match.lines, undone.match.expectations
    learned_at = undone.learned_at
    steps = store.bank_line(line.line_id).steps
    proposed = [one for one in steps if one.act is LineAct.PROPOSED][-1]
    entry_id = expected.expectation_id.rpartition("#")[0]
    back = reverse_entry(
        adjustment_entry(entry_id, line, proposed, learned_at),
        on=max(line.booked_day, today),
        learned_at=learned_at,
        cause=f"bank line {line.line_id}, adjustment taken back: {undone.reason}",
    )
    never_seen = Expectation(
        f"{back.entry_id}#1", CASH, back.effective_day, -expected.cents, back.cause
    )
    together = BankMatch(f"match:{back.entry_id}", MatchRule.TAKEN_BACK, (), (expected, never_seen))
    return [back], together


def _refuse_other_money(
    lines: Sequence[BankLine], expected: Sequence[Expectation], where: str
) -> None:
    """Both sides are the same to the cent, or one side alone comes to nothing."""
    seen_cents = sum(one.cents for one in lines)
    our_cents = sum(one.cents for one in expected)
    if seen_cents == our_cents:
        return
    if not lines:
        raise LineRefused(
            f"No line of the bank is named, and ours come to {usd_display(our_cents)}",
            where=where,
            why="Without a line, what we expected cancels itself: as much in as out, to the cent",
            do="Name what takes it back, all of it; or the bank's line, where it showed the money",
        )
    raise LineRefused(
        f"The bank shows {usd_display(seen_cents)}, and ours is {usd_display(our_cents)}",
        where=where,
        why="A match is the same money, to the cent",
        do="Name every piece of it; for what the bank kept back, ask it for a line of its own",
    )


def _is_the_same(known: BankMatch, names: Sequence[str], by: str, reason: str) -> bool:
    """Whether this was said before in the same words: the answer was lost, or two sent it."""
    told = (frozenset(names), by.strip(), reason.strip())
    return told == (known.pieces, known.by, known.reason)


def _not_open(name: str, known: BankMatch | None) -> Conflict | NotFound:
    if known is None:
        return NotFound(
            f"Nothing open is named {name[:80]}",
            where="reconciliation",
            why="It is no line of the bank and no expectation of ours",
            do="See the names with `meterledger bank open`",
        )
    return Conflict(
        f"{name} is matched already, in {known.match_id}",
        where="reconciliation",
        why=f"It is matched {known.rule.value}, and a piece is in one match at a time",
        do=f"If that is wrong, undo it first with `meterledger bank unmatch {known.match_id}`",
    )
