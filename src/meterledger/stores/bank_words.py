"""What both stores promise about the bank's lines, in the same words.

Lives here      which leg of which entry is expected at the bank; refusals of files, matches, steps.
Lives elsewhere keeping rows (``memory``, ``postgres``), matching (``ledger``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from meterledger.facts.bank import Expectation, LineAct, LineStep, OpenLine
from meterledger.facts.money import Entry
from meterledger.facts.unbilled import Accrual
from meterledger.kernel.money import usd_display
from meterledger.kernel.people import same_person
from meterledger.usecases.ports import Conflict, NotFound

CASH = "131"  # the control account of cash (FERC Uniform System of Accounts)


def is_cash(ledger_account: str) -> bool:
    """Whether the account is 131 or one of its own."""
    return ledger_account == CASH or ledger_account.startswith(f"{CASH}.")


def expectation_of(
    entry_id: str,
    number: int,
    ledger_account: str,
    cents: int,
    cause: str,
    day: date,
    batch: str = "",
) -> Expectation:
    """What a leg on cash lets the bank show. Its reference is the key of its event.

    ``batch`` is the file that it came in, or the check or file by which a refund was sent: what
    the bank shows as one.
    """
    return Expectation(
        expectation_id=f"{entry_id}#{number}",
        ledger_account=ledger_account,
        day=day,
        cents=cents,
        cause=cause,
        reference=event_key(entry_id),
        batch=batch,
    )


def event_key(entry_id: str) -> str:
    """``payment:K`` and ``reversal:payment:K`` are of the event K."""
    return entry_id.removeprefix("reversal:").partition(":")[2]


def expectations_of(
    entries: Iterable[Entry], batch_of: Callable[[Entry], str] = lambda entry: ""
) -> Iterator[Expectation]:
    """Every leg on cash of the entries; ``batch_of`` names what the bank shows with an entry."""
    for entry in entries:
        for number, leg in enumerate(entry.legs, start=1):
            if is_cash(leg.ledger_account):
                yield expectation_of(
                    entry.entry_id,
                    number,
                    leg.ledger_account,
                    leg.cents,
                    entry.cause,
                    entry.effective_day,
                    "" if entry.reverses else batch_of(entry),
                )


def known_statement(statement_id: str, of_file: str, name: str) -> Conflict:
    """A statement of an account and a day is kept once."""
    return Conflict(
        f"The statement {statement_id} is kept already, from the file {of_file}",
        where=name,
        why="A day of an account has one statement, and nothing of this file was kept",
        do="Compare the two files with the bank; a correction comes as movements of a later day",
    )


def accrued_already(known: Accrual) -> Conflict:
    """A month end is accrued once."""
    return Conflict(
        f"{known.month_end} is accrued already, with {usd_display(known.total_cents)}",
        where="unbilled revenue",
        why="A month end has one accrual, taken back on the next day; other readings came since",
        do="Nothing is to be done: bills of the next month say what was used",
    )


def matched_already(name: str) -> Conflict:
    """A line and an expectation are matched once."""
    return Conflict(
        f"{name} is matched already, or unknown",
        where="reconciliation",
        why="Somebody else matched meanwhile, and nothing of this was kept",
        do="Run `meterledger bank match` again",
    )


def undone_already(match_id: str) -> Conflict:
    """A match is undone once."""
    return Conflict(
        f"The match {match_id} was undone already",
        where="reconciliation",
        why="Somebody else undid it meanwhile, and nothing was changed",
        do="See what is open with `meterledger bank open`",
    )


def no_match(match_id: str) -> NotFound:
    """Nothing of that name stands."""
    return NotFound(
        f"No match {match_id[:80]} stands",
        where="reconciliation",
        why="There is none of this name, or it was undone",
        do="List them with `meterledger bank matches`",
    )


def free_name(match_id: str, undone: Collection[str]) -> str:
    """The name of a match: its own, with a number after one that was undone."""
    name, number = match_id, 1
    while name in undone:
        number += 1
        name = f"{match_id}.{number}"
    return name


def no_line(line_id: str) -> NotFound:
    """Nothing of that name."""
    return NotFound.of("bank line", line_id)


def refuse_line_step(line: OpenLine | None, step: LineStep) -> None:
    """A step follows what was said before it.

    :raises Conflict: in the words of what is wrong
    """
    if line is None:
        raise matched_already(step.line_id)
    proposed = line.proposed
    if step.act is LineAct.EXPLAINED:
        return
    if step.act is LineAct.PROPOSED:
        if proposed is not None:
            raise Conflict(
                f"An adjustment of {step.line_id} waits already, proposed by {proposed.by}",
                where="reconciliation",
                do="Approve or reject that one first",
            )
        return
    if proposed is None:
        raise Conflict(
            f"No adjustment of {step.line_id} was proposed",
            where="reconciliation",
            do="Propose one with `meterledger bank adjust`",
        )
    if step.act is LineAct.APPROVED and same_person(proposed.by, step.by):
        raise Conflict(
            f"The adjustment of {step.line_id} is approved by who proposed it, {step.by}",
            where="reconciliation",
            why="Money is moved by two people",
            do="Let another person look at it",
        )


def is_said(steps: Sequence[LineStep], step: LineStep) -> bool:
    """Whether the last that was said of a line is this: its answer was lost, or two said it."""
    said = step.act in (LineAct.EXPLAINED, LineAct.PROPOSED)
    return said and bool(steps) and replace(steps[-1], learned_at=step.learned_at) == step
