"""Doors of the web that let bills go, correct them, and forgive late charges.

Lives here      towns and requests. Lives elsewhere what a door is (``web_door``), who sends them
                and kills the server (``test_web_survives_anything``).
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from urllib.parse import quote

from tests.faults.web_door import CASES, WORDS, Door, Request, form, town_of
from tests.journeys.late_town import FIRST_MONTH, ISSUED
from tests.journeys.late_town import NOW as LATE_NOW
from tests.journeys.town import VIEWER, PaperLake, Town, even
from tests.stores.extension_town import the_book
from tests.stores.paper_town import CLAUSE, account_id, bill_of, start_of

from meterledger.facts.held import GateFinding, RunRecord, RunState, run_id_of
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.late_charges import charge_late
from meterledger.usecases.settle_held import Desk, exclude_held, release_held

FORGIVEN = {**WORDS, "approver": "Zoe"}
GATE = datetime(2026, 12, 2, 9, tzinfo=UTC)
NEXT = datetime(2026, 12, 2, 12, tzinfo=UTC)
FIRST_DAY, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)
RUN_AGAIN = frozenset({"record", "bill_run", "bill_run, of any run"})
"""A run that died after its bill leaves no row of itself, and the next one may find less to do."""

# --------------------------------------------------------------------------------- late charges


def charged(store: Any) -> None:
    """Eight accounts whose bill was paid by nobody, each with a late charge."""
    store.start_services([start_of(number) for number in CASES])
    store.record_bills([bill_of(number, FIRST_MONTH, cents=10_000) for number in CASES])
    accounts = [account_id(number) for number in CASES]
    charge_late(accounts, on=ISSUED[1], known_at=LATE_NOW, store=store, book=the_book())


@cache
def late_charge(number: int) -> str:
    twin = MemoryStore()
    with twin.viewing(VIEWER, ["all"]):
        charged(twin)
        (charge,) = twin.late_charges_of_account(account_id(number))
        return str(charge.late_charge_id)


# ----------------------------------------------------------------------------------- held bills


def desk(made: Town, on: date = NOVEMBER) -> Desk:
    return Desk(made.store, made.lake, made.book, on, NEXT)


def held(store: Any, place: Any) -> None:
    """Eight homes whose October is far above their September, and is held."""
    made = town_of(store, place)
    for number in CASES:
        made.start(number, from_day=FIRST_DAY)
        made.read(f"M{number}", (FIRST_DAY, OCTOBER), even(300), seconds=3600)
        made.read(f"M{number}", (OCTOBER, NOVEMBER), even(8000), seconds=3600)
    made.bill(*CASES, on=NOVEMBER, known_at=GATE)


def excluded(store: Any, place: Any) -> None:
    """And was set aside."""
    held(store, place)
    made = town_of(store, place)
    for case in store.held_cases():
        exclude_held(case.case_id, by="Ana", reason="in dispute", desk=desk(made))


def above(store: Any, place: Any) -> None:
    """Eight homes whose first bill is above the ceiling; Ana released it."""
    made = town_of(store, place)
    for number in CASES:
        made.start(number, from_day=FIRST_DAY)
        made.read(f"M{number}", (FIRST_DAY, OCTOBER), even(60_000), seconds=3600)
    made.bill(*CASES, on=OCTOBER, known_at=GATE)
    for case in store.held_cases():
        release_held(case.case_id, by="Ana", reason="a greenhouse", desk=desk(made, OCTOBER))


def arrived(store: Any, place: Any) -> None:
    """Eight homes of whose October nothing had come, and now it has."""
    made = town_of(store, place)
    for number in CASES:
        made.start(number, from_day=FIRST_DAY)
        made.read(f"M{number}", (FIRST_DAY, OCTOBER), even(300), seconds=3600)
    made.bill(*CASES, on=NOVEMBER, known_at=GATE)
    for number in CASES:
        made.read(f"M{number}", (OCTOBER, NOVEMBER), even(300), seconds=3600, learned_at=NEXT)


def case(town: Any) -> Any:
    """Names the case of each home of a town."""

    @cache
    def name(number: int) -> str:
        twin = MemoryStore()
        with twin.viewing(VIEWER, ["all"]):
            town(twin, PaperLake())
            (found,) = twin.held_cases(account_id=Town(twin).account_id(number))
            return str(found.case_id)

    return name


def settle(town: Any, act: str, told_again: frozenset[str] = RUN_AGAIN) -> Door:
    """The door of a way out of the cases of a town."""
    name = case(town)

    def ask(number: int) -> Request:
        return form(f"/held/{name(number)}/", act=act, **WORDS)

    return Door(town, ask, reads_lake=True, told_again=told_again)


def stopped(store: Any) -> None:
    """Runs of eight cycles were stopped."""
    for number in CASES:
        finding = GateFinding("run.held", "16 of 60 windows are held", CLAUSE)
        stop = RunRecord(
            *(run_of(number), RunState.STOPPED, f"cycle {number}", NOVEMBER, GATE),
            findings=(finding,),
            sentence="16 of 60 windows are held",
        )
        store.record_run(stop)


def run_of(number: int) -> str:
    return run_id_of(f"cycle {number}", NOVEMBER, GATE)


# ---------------------------------------------------------------------------------- corrections


def wrong(store: Any, place: Any, right_wh: int = 90) -> None:
    """Eight homes that were billed, and whose meters were read again after it."""
    made = town_of(store, place)
    for number in CASES:
        made.start(number, from_day=FIRST_DAY, tax_place="university_city")
        made.read(f"M{number}", (FIRST_DAY, OCTOBER), even(100), seconds=3600)
    made.bill(*CASES, on=OCTOBER, known_at=GATE)
    for number in CASES:
        again = even(right_wh)
        made.read(f"M{number}", (FIRST_DAY, OCTOBER), again, seconds=3600, learned_at=NEXT)


def far_wrong(store: Any, place: Any) -> None:
    """Whose right bills are so far from usual that the gate would hold them."""
    wrong(store, place, 900)


@cache
def bill(number: int) -> str:
    twin = MemoryStore()
    with twin.viewing(VIEWER, ["all"]):
        wrong(twin, PaperLake())
        (found,) = twin.bills_of_account(Town(twin).account_id(number))
        return str(found.bill_id)


def billed(store: Any, place: Any) -> None:
    """Eight homes that were billed through a multiplier of one."""
    made = town_of(store, place)
    for number in CASES:
        made.start(number, from_day=FIRST_DAY, tax_place="university_city")
        made.read(f"M{number}", (FIRST_DAY, OCTOBER), even(100), seconds=3600)
    made.bill(*CASES, on=OCTOBER, known_at=GATE)


def multiply(act: str) -> Door:
    """The door of a multiplier that is really two: its bills are made anew, or wait."""

    def ask(number: int) -> Request:
        return form(f"/usage/multiplier/M{number}/", act=act, right="2", **WORDS)

    return Door(billed, ask, reads_lake=True)


def correct(town: Any, act: str, **typed: str) -> Door:
    """The door of what a person decides of a bill that would be another one now."""

    def ask(number: int) -> Request:
        return form(f"/corrections/{quote(bill(number))}/", act=act, **WORDS, **typed)

    return Door(town, ask, reads_lake=True)


def entered(act: str, should: str) -> Door:
    """The door of a fact of an agreement that was entered wrong."""

    def ask(number: int) -> Request:
        account = Town(MemoryStore()).account_id(number)
        name = f"{account}-SP{number}-{FIRST_DAY:%Y%m%d}"
        return form(f"/agreements/{quote(name)}/correct/", act=act, should=should, **WORDS)

    return Door(billed, ask, reads_lake=True)


DOORS = {
    "forgive a late charge": Door(
        charged, lambda n: form(f"/late-charges/{quote(late_charge(n))}/", **FORGIVEN)
    ),
    "release a held bill": settle(held, "release"),
    "approve a held bill": settle(above, "approve"),
    "run a held bill again": settle(arrived, "rerun"),
    "ask to leave a period uncharged": settle(held, "waive", frozenset()),
    "exclude a held bill": settle(held, "exclude", frozenset()),
    "reopen a held bill": settle(excluded, "reopen", frozenset()),
    "let a stopped run go": Door(stopped, lambda n: form("/held/runs/", act=run_of(n), **WORDS)),
    "correct a bill": correct(wrong, "rebill"),
    "correct a bill that the gate finds": correct(far_wrong, "rebill", seen="gate.band"),
    "leave a bill as it is": correct(wrong, "leave"),
    "put a multiplier right with its bills": multiply("rebill"),
    "put a multiplier right alone": multiply("wait"),
    "put a rate option right": entered("schedule", "1M-overnight"),
    "put a first day right": entered("first-day", "2026-09-05"),
    "put a cycle right": entered("cycle", "5"),
}
