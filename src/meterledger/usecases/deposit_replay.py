"""Replay a deposit: gather our own facts again as known then, decide again, compare.

Lives here      the two comparisons: what our books said, and what the rules made of it.
Lives elsewhere deciding again (``deposit_record``), the facts (``deposit_history``).
Read first      docs/operating/deposits.md, "Records and replay".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from meterledger.facts.deposits import Deposit, DepositAct, DepositStep
from meterledger.rulebook.book import TariffBook
from meterledger.usecases.deposit_ask import AskStore
from meterledger.usecases.deposit_history import account_history
from meterledger.usecases.deposit_record import (
    StepReplay,
    decide_again,
    known_at_of,
    read_decision,
)


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
                }
                for one in self.steps
            ],
        }


def replay_deposit(deposit_id: str, *, store: AskStore, book: TariffBook) -> DepositReplay:
    """Decide every step of a deposit again, from what was known when it was decided."""
    deposit = store.deposit(deposit_id)
    made = []
    for one in decide_again(deposit, book):
        differences = (*one.differences, *_other_facts(deposit, one.step, store, book))
        made.append(StepReplay(one.step, not differences, differences))
    return DepositReplay(deposit, tuple(made))


def _other_facts(
    deposit: Deposit, step: DepositStep, store: AskStore, book: TariffBook
) -> tuple[str, ...]:
    """Where our books, as known then, say something else than the record."""
    record = read_decision(step)
    if record is None or not record["own"]:
        return ()
    known_at = known_at_of(step)
    history = account_history(
        deposit.account_id,
        on=step.on,
        known_at=known_at,
        store=store,
        view=book.as_known(known_at.date()),
        disputed=tuple(record["told"].get("disputed_bills", ())),
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
