"""Replay a deposit: gather our own facts again as known then, decide again, compare.

Lives here      the two comparisons: what our books said, and what the rules made of it.
Lives elsewhere deciding again (``deposit_record``), the facts (``deposit_history``), their
                revisions (``deposit_revisions``).
Read first      docs/operating/deposits.md, "Records and replay".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meterledger.facts.deposits import Deposit, DepositAct, DepositStep
from meterledger.rulebook.book import TariffBook
from meterledger.rulebook.pinned import as_pinned
from meterledger.usecases.deposit_ask import AskStore
from meterledger.usecases.deposit_history import account_history
from meterledger.usecases.deposit_record import (
    StepReplay,
    decide_again,
    known_at_of,
    read_decision,
    revision_of,
)
from meterledger.usecases.deposit_revisions import TODAY, FactsBy, facts_by


@dataclass(frozen=True, slots=True)
class DepositReplay:
    """Every recorded step decided again."""

    deposit: Deposit
    steps: tuple[StepReplay, ...]

    @property
    def same(self) -> bool:
        """Whether all came out as they were recorded."""
        return all(one.same for one in self.steps)

    def as_json(self) -> dict[str, Any]:
        """The shape of ``deposit replay --json``."""
        return {
            "deposit": self.deposit.deposit_id,
            "same": self.same,
            "steps": [
                {
                    "step": one.step.step_id,
                    "act": one.step.act.value,
                    "same": one.same,
                    "differences": list(one.differences),
                    "note": one.note,
                }
                for one in self.steps
            ],
        }


def replay_deposit(deposit_id: str, *, store: AskStore, book: TariffBook) -> DepositReplay:
    """Decide every step of a deposit again, from what was known when it was decided, with the facts
    of our books as the revision that its record names reads them. Where that name stood for several
    rules, what comes to the record's facts is the one.

    :raises RevisionUnknown: if a step's revision is not known here
    """
    deposit = store.deposit(deposit_id)
    made = []
    for one in decide_again(deposit, book):
        found, note = _other_facts(deposit, one.step, store, book)
        differences = (*one.differences, *found)
        made.append(StepReplay(one.step, not differences, differences, note))
    return DepositReplay(deposit, tuple(made))


def _other_facts(
    deposit: Deposit, step: DepositStep, store: AskStore, book: TariffBook
) -> tuple[tuple[str, ...], str]:
    """Where our books, as known then, say something else than the record; what is to be said of
    its revision.
    """
    name = revision_of(step)
    rules = facts_by(name, where=f"deposit {deposit.deposit_id}, {step.key}")
    record = read_decision(step)
    if record is None or not record["own"]:
        return (), ""
    tried = []
    for by in rules:
        found = _facts_by(by, deposit, step, record, store, book)
        if not found:
            return (), "" if by == TODAY else f"Its facts are those of revision {name}"
        tried.append(found)
    several = f", which stood for {len(rules)} rules; they differ under each"
    return tried[0], f"Its record is of revision {name}{several}" if len(rules) > 1 else ""


def _facts_by(
    by: FactsBy,
    deposit: Deposit,
    step: DepositStep,
    record: Mapping[str, Any],
    store: AskStore,
    book: TariffBook,
) -> tuple[str, ...]:
    """Where our books, read by the rules of a revision, say something else than a record."""
    known_at = known_at_of(step)
    history = account_history(
        deposit.account_id,
        on=step.on,
        known_at=known_at,
        store=store,
        view=as_pinned(book, known_at.date(), record["book_sha256"]),
        disputed=tuple(record["told"].get("disputed_bills", ())),
        by=by,
    )
    if step.act in (DepositAct.NOTICED, DepositAct.ASKED):
        same = history.as_json() == record["own"]["history"]
        return () if same else ("our bills and payments as known then say something else",)
    told = {one["bill"]: one for one in record["own"].get("bills", ())}
    again = {one.bill_id: one.as_json() for one in history.bills}
    return tuple(
        f"bill {name} was paid otherwise than recorded"
        for name, one in told.items()
        if again.get(name) != one
    )
