"""The record of a deposit's decision: what was known, what the rules said, with which clauses.

Lives here      rulings and facts as canonical bytes; reading them back; deciding them again.
Lives elsewhere the rules (``arrears``), the facts of our own books (``deposit_history``).
Read first      docs/operating/deposits.md, "Records and replay".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from meterledger.facts.deposits import Deposit, DepositStep
from meterledger.kernel.canonical import canonical_bytes
from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Reason
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.standing import Standing, weakest
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.rulebook.forms import plain_form
from meterledger.rulebook.pinned import as_pinned
from meterledger.usecases.decide import Ruling, decide, decide_filled
from meterledger.usecases.deposit_revisions import TODAY, UNNAMED
from meterledger.usecases.rule_registry import rule_named


@dataclass(frozen=True, slots=True)
class Ruled:
    """A rule's answer with the facts it was asked."""

    facts: dict[str, Any]
    ruling: Ruling

    @property
    def outcome(self) -> Any:
        """What was decided."""
        return self.ruling.decision.outcome

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why."""
        return self.ruling.decision.reasons


def ask(rule_id: str, facts: Mapping[str, Any], *, on: date, view: BookView) -> Ruled:
    """Ask a rule on plain JSON facts.

    :raises FactsRefused: if the facts are not in its form
    :raises Refusal: in the rule's own words, or where the book is silent
    """
    told = dict(facts)
    return Ruled(told, decide(rule=rule_named(rule_id), facts=told, day=on, view=view))


def ask_filled(rule_id: str, facts: Any, *, on: date, view: BookView) -> Ruled:
    """Ask a rule on facts that are in its form."""
    told = plain_form(facts)
    return Ruled(told, decide_filled(rule=rule_named(rule_id), facts=facts, day=on, view=view))


def record_of(
    rulings: Sequence[Ruled],
    *,
    view: BookView,
    known_at: datetime,
    own: Mapping[str, Any] | None = None,
    told: Mapping[str, Any] | None = None,
) -> bytes:
    """The canonical bytes: ``own`` is what our books said, ``told`` what a person said."""
    return canonical_bytes(
        {
            "book_sha256": view.sha256,
            "calculation_revision": TODAY.revision,
            "known_at": _instant(known_at),
            "standing": weakest(one.ruling.standing for one in rulings).value
            if rulings
            else Standing.FILED.value,
            "own": dict(own or {}),
            "told": dict(told or {}),
            "rulings": [_as_json(one) for one in rulings],
        }
    )


def _as_json(ruled: Ruled) -> dict[str, Any]:
    return ruled.ruling.as_json() | {"facts": ruled.facts}


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_decision(step: DepositStep) -> dict[str, Any] | None:
    """The record of a step; None where nothing was decided."""
    if not step.record:
        return None
    found: dict[str, Any] = json.loads(step.record)
    return found


def reasons_of(step: DepositStep) -> tuple[Reason, ...]:
    """Every reason of a step's decisions, in order."""
    record = read_decision(step)
    return tuple(
        Reason(one["finding"], Citation.from_json(one["citation"]))
        for ruling in (record or {}).get("rulings", ())
        for one in ruling["reasons"]
    )


def revision_of(step: DepositStep) -> str:
    """The revision of what our books say that a step's record names; the first named none."""
    return str((read_decision(step) or {}).get("calculation_revision", UNNAMED))


def known_at_of(step: DepositStep) -> datetime:
    """The instant as known at which a step was decided."""
    record = read_decision(step)
    if record is None:
        return step.learned_at
    return datetime.strptime(record["known_at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class StepReplay:
    """A step decided again: whether every ruling came out the same, and what did not."""

    step: DepositStep
    same: bool
    differences: tuple[str, ...]
    note: str = ""
    """What is to be said of the revision; empty where it is today's."""


def decide_again(deposit: Deposit, book: TariffBook) -> tuple[StepReplay, ...]:
    """Decide every recorded step again on its own facts, by the book as known then."""
    return tuple(_again(one, book) for one in deposit.steps if one.record)


def _again(step: DepositStep, book: TariffBook) -> StepReplay:
    record = read_decision(step) or {}
    view = as_pinned(book, known_at_of(step).date(), record["book_sha256"])
    differences = []
    if view.sha256 != record["book_sha256"]:
        differences.append("the book is another one than the record names")
    for told in record["rulings"]:
        try:
            made = _as_json(
                ask(told["rule"], told["facts"], on=date.fromisoformat(told["on"]), view=view)
            )
        except Refusal as refusal:
            differences.append(f"{told['rule']} refuses: {refusal.what}")
            continue
        differences += [
            f"{told['rule']}: {key} differs" for key in sorted(told) if made.get(key) != told[key]
        ]
    return StepReplay(step, not differences, tuple(differences))
