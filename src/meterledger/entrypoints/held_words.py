"""Held cases and runs in the JSON and the words of commands and pages.

Lives here      shapes and sentences.
Lives elsewhere cases (``facts/held``), what may be done (``usecases/settle_held``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from meterledger.facts.held import HeldCase, HeldState, HeldStep, RunRecord
from meterledger.kernel.money import usd_display, usd_text
from meterledger.usecases.issue_bills import BillRun
from meterledger.usecases.settle_held import Settled, kind_of_case, ways_out

ACT_WORDS = {
    "opened": "held by a run",
    "seen": "seen again by a run",
    "released": "released",
    "approved": "approved",
    "excluded": "excluded",
    "waived": "to be left uncharged",
    "reopened": "reopened",
    "billed": "billed",
    "replaced": "ended: its days are other ones now",
}


def case_json(case: HeldCase, on: date) -> dict[str, Any]:
    """One case of ``held list`` and ``held show``."""
    kind = kind_of_case(case)
    seen = case.seen
    return {
        "case": case.case_id,
        "state": case.state.value,
        "account": case.account_id,
        "agreement": case.agreement_id,
        "from": case.days.from_day.isoformat() if case.days else None,
        "to": case.days.until_day.isoformat() if case.days else None,
        "code": seen.code,
        "what": kind.words,
        "sentence": seen.sentence,
        "owner": kind.owner,
        "opened": case.opened.on.isoformat(),
        "age_days": str(case.age_days(on)),
        "total_usd": None if seen.total_cents is None else usd_text(seen.total_cents),
        "energy_wh": None if seen.energy_wh is None else str(seen.energy_wh),
        "needs_two": case.needs_two,
        "findings": [one.as_json() for one in seen.findings],
        "ways_out": [one.value for one in ways_out(case)],
        "correct": kind.correct,
        "steps": [step_json(one) for one in case.steps],
    }


def step_json(step: HeldStep) -> dict[str, Any]:
    """One step of a case."""
    return {
        "act": step.act.value,
        "on": step.on.isoformat(),
        "learned_at": step.learned_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "by": step.by,
        "reason": step.reason,
        "code": step.code,
        "sentence": step.sentence,
        "total_usd": None if step.total_cents is None else usd_text(step.total_cents),
        "bill": step.bill_id,
    }


def run_json(run: RunRecord) -> dict[str, Any]:
    """One run of ``held runs``."""
    counts = run.counts
    return {
        "run": run.run_id,
        "state": run.state.value,
        "scope": run.scope,
        "on": run.on.isoformat(),
        "due": counts.due,
        "billed": counts.billed,
        "held": counts.held,
        "excluded": counts.excluded,
        "known": counts.known,
        "total_usd": usd_text(counts.total_cents),
        "energy_wh": str(counts.energy_wh),
        "held_by_code": dict(counts.by_code),
        "findings": [one.as_json() for one in run.findings],
        "sentence": run.sentence,
        "by": run.by,
        "reason": run.reason,
    }


def settled_words(settled: Settled) -> str:
    """What a decision has come to, in a sentence."""
    case, run = settled.case, settled.run
    if run is None:
        after = ""
        if case.state is HeldState.EXCLUDED:
            after = (
                " Neither it nor any later period of this service is billed until somebody reopens "
                f"it: `meterledger held reopen {case.case_id}`."
            )
        if case.state is HeldState.AWAITS_APPROVAL and case.is_waived:
            after = (
                " Its period is left uncharged once another person approves it: `meterledger held "
                f"approve {case.case_id}`."
            )
        return f"Case {case.case_id}: {case.state.value}.{after}"
    if run.issued:
        bill = run.issued[0]
        return (
            f"Bill {bill.bill_id} has left for {usd_display(bill.total_cents)}, due "
            f"{bill.due_day}. Case {case.case_id} is {case.state.value}."
        )
    if run.held:
        return f"Still held: {run.held[0].sentence}"
    return f"Case {case.case_id}: {case.state.value}."


def chosen(
    cases: Iterable[HeldCase],
    on: date,
    *,
    code: str,
    owner: str,
    older_than: int,
    state: str = "",
) -> list[HeldCase]:
    """The cases that a filter leaves: code (or its beginning), owner, state, least age in days."""
    return [
        one
        for one in cases
        if one.seen.code.startswith(code)
        and owner in ("", kind_of_case(one).owner)
        and state in ("", one.state.value)
        and one.age_days(on) >= older_than
    ]


def of_the_case(sentence: str, case: HeldCase) -> str:
    """A case's sentence without its account, meter and days, where a page is of that case.

    The days of a sentence end with the day out; a page names the last one.
    """
    whose, _, rest = sentence.partition(": ")
    account = f"Account {case.account_id}"
    named = whose.startswith(f"{account}, ") and whose.endswith(f", {case.days}")
    if not rest or not (named or whose == account):
        return sentence
    return f"{rest[0].upper()}{rest[1:]}"


def held_by_owner(run: BillRun) -> dict[str, dict[str, int]]:
    """How many windows of a run are held, by owner and code."""
    from meterledger.billing import hold_kind

    found: dict[str, dict[str, int]] = {}
    for code, count in run.record.counts.by_code if run.record else ():
        found.setdefault(hold_kind(code).owner, {})[code] = count
    return found
