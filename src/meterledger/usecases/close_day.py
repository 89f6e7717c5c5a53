"""Close a day: the night's journeys in their order, and a report that accounts for everyone.

Lives here      the table of steps, what needs what, and going through it.
Lives elsewhere the steps (``close_steps``, ``close_bills``), what they came to (``close_told``).
Read first      docs/walks/a_day.md.

Each step is a journey that is safe to run twice, so a close that was cut off is run again and
does what is left. A step that is refused is told with its sentence; those that need it wait, and
the others go on. What this version has no journey for stands in the table and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from meterledger.kernel.refusal import Refusal
from meterledger.usecases import close_bills, close_steps
from meterledger.usecases.close_desk import CloseDesk
from meterledger.usecases.close_told import DayClosed, StepState, StepTold
from meterledger.usecases.close_true_ups import true_up_what_came

Work = Callable[[CloseDesk, StepTold, DayClosed], None]


class CannotClose(Refusal):
    """The day cannot be closed now."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the night. ``work`` is None where this version has no journey for it."""

    name: str
    work: Work | None = None
    needs: tuple[str, ...] = ()
    note: str = ""


def _plain(work: Callable[[CloseDesk, StepTold], None]) -> Work:
    return lambda desk, told, closed: work(desk, told)


STEPS = (
    Step("receive", _plain(close_steps.receive_files)),
    Step("validate", _plain(close_steps.validate_the_day)),
    Step("true-ups", _plain(true_up_what_came), needs=("validate",)),
    Step("payments", _plain(close_steps.move_payments)),
    Step("programme credits", note="credits of net metering are made with each bill"),
    Step("late charges", _plain(close_bills.charge_what_is_late), needs=("payments",)),
    Step("deposits", _plain(close_steps.night_of_deposits), needs=("payments",)),
    Step("budget reviews", _plain(close_bills.review_budget_plans)),
    Step(
        "bills",
        lambda desk, told, closed: close_bills.issue_what_is_due(desk, told, closed.bills),
        needs=("validate", "late charges", "deposits", "budget reviews"),
    ),
    Step("extensions", _plain(close_steps.night_of_extensions), needs=("bills",)),
    Step("settlements", _plain(close_steps.night_of_settlements), needs=("bills",)),
    Step("agreements"),
    Step("weather"),
    Step("notices"),
    Step("disconnection candidates"),
    Step("field work"),
    Step("month end", _plain(close_steps.end_the_month), needs=("bills",)),
    Step("reconcile", _plain(close_steps.reconcile)),
    Step("monitors", close_steps.look_over_the_day),
)
"""The night, in its order."""

OnStep = Callable[[StepTold], None]


def close_day(desk: CloseDesk, *, on_step: OnStep = lambda told: None) -> DayClosed:
    """Do the night of a day. Run again, it does what is left and tells the same of the day.

    :raises CannotClose: if the day is not over
    """
    refuse_open_day(desk.day, desk.today)
    closed = DayClosed(desk.day)
    unfinished: dict[str, StepTold] = {}
    for step in STEPS:
        told = _one(step, desk, closed, unfinished)
        if told.state in (StepState.REFUSED, StepState.WAITS):
            unfinished[step.name] = told
        closed.steps.append(told)
        on_step(told)
    close_steps.account_for_everyone(desk, closed)
    return closed


def refuse_open_day(day: date, today: date) -> None:
    """A day is closed when it is over. :raises CannotClose:"""
    if day >= today:
        raise CannotClose(
            f"{day} is not over: today is {today}",
            where="close",
            why="What is missing of a day that goes on is not missing yet",
            do="Close it from the next day on, or name an earlier day",
        )


def _one(
    step: Step, desk: CloseDesk, closed: DayClosed, unfinished: dict[str, StepTold]
) -> StepTold:
    told = StepTold(step.name, note=step.note)
    if step.work is None:
        told.state = StepState.NOT_BUILT
        return told
    lacking = [name for name in step.needs if name in unfinished]
    if lacking:
        told.state = StepState.WAITS
        told.note = f"it needs {', '.join(lacking)}"
        return told
    try:
        step.work(desk, told, closed)
    except Refusal as refusal:
        told.state = StepState.REFUSED
        told.refused.append((step.name, refusal.of_one_case().sentence))
    return told
