"""Bills: issued, held and let go, corrected, left as they are."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tests.journeys import test_gate_bills as gate
from tests.journeys.test_gate_bills import AUGUST, GATE, JULY, NEXT, SEPTEMBER, home
from tests.journeys.town import LATER, VIEWER, PaperLake, Town, even
from tests.stores.extension_town import the_book
from tests.stores.money_journeys.journey import journey

from meterledger.facts.corrections import WrongFact
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.change_then_rebill import Signed, change_then_rebill
from meterledger.usecases.correct_multiplier import correct_multiplier
from meterledger.usecases.end_billed_service import end_billed_service
from meterledger.usecases.find_corrections import leave_bill, now_of
from meterledger.usecases.ports import Conflict
from meterledger.usecases.put_right import CannotPutRight, put_right
from meterledger.usecases.rebill import rebill
from meterledger.usecases.settle_held import (
    Desk,
    approve_held,
    exclude_held,
    let_go_run,
    release_held,
    reopen_held,
    rerun_held,
    waive_held,
)

FOUND = NEXT + timedelta(days=1)


def town_of(store: Any, lake: Any = None) -> Town:
    return Town(store, lake or PaperLake(), the_book())


@dataclass(frozen=True)
class Known:
    """What people at the desk have before them: the lake, and names of what is to be decided."""

    lake: PaperLake
    bills: tuple[str, ...]
    cases: tuple[str, ...]
    runs: tuple[str, ...]


def known(town: Any) -> Any:
    """What is known after a town: another town of the same words has the same names."""

    def made() -> Known:
        store = MemoryStore()
        with store.viewing(VIEWER, ["all"]):
            lake = town(store)
            return Known(
                lake,
                tuple(bills(store)),
                tuple(one.case_id for one in store.held_cases()),
                tuple(one.run_id for one in store.bill_runs()),
            )

    return made


def read(store: Any) -> Any:
    """Two homes with readings of two months."""
    made = town_of(store)
    home(made, 1)
    home(made, 2)
    return made.lake


def read_odd(store: Any) -> Any:
    """A home whose August is far above its July."""
    made = town_of(store)
    home(made, 1, 300, 8000)
    return made.lake


def held(store: Any) -> Any:
    """And is held."""
    made = town_of(store)
    gate.held_home(made)
    return made.lake


def arrived(store: Any) -> Any:
    """A home of whose August nothing had come, and now it has."""
    made = town_of(store)
    made.start(1)
    made.read("M1", (JULY, AUGUST), even(300), seconds=3600)
    gate.bill(made, 1)
    made.read("M1", (AUGUST, SEPTEMBER), even(300), seconds=3600)
    return made.lake


def excluded(store: Any) -> Any:
    """And was set aside."""
    made = town_of(store)
    _, name = gate.held_home(made)
    exclude_held(name, by="Ana", reason="in dispute", desk=gate.desk(made))
    return made.lake


def above(store: Any) -> Any:
    """A home whose first bill is above the ceiling; Ana released it."""
    made = town_of(store)
    made.start(1)
    made.read("M1", (JULY, AUGUST), even(60_000), seconds=3600)
    gate.bill(made, 1, on=AUGUST)
    (case,) = store.held_cases()
    desk = gate.desk(made, on=AUGUST)
    release_held(case.case_id, by="Ana", reason="a greenhouse", desk=desk)
    return made.lake


def stopped(store: Any) -> Any:
    """Sixty homes whose run was stopped."""
    made = town_of(store)
    gate.many(made, 1500)
    gate.bill(made, *gate.MANY, scope="cycle 1", at=NEXT)
    return made.lake


def about_to_stop(store: Any) -> Any:
    """Sixty homes whose August is five times their July."""
    made = town_of(store)
    gate.many(made, 1500)
    return made.lake


def wrong(store: Any) -> Any:
    """Two bills that would be other ones now."""
    made = town_of(store)
    made.start(1, tax_place="university_city")
    made.read("M1", (JULY, SEPTEMBER), even(100), seconds=3600)
    made.bill(1, on=SEPTEMBER)
    made.read("M1", (JULY, SEPTEMBER), even(90), learned_at=LATER, seconds=3600)
    return made.lake


def twice(store: Any) -> Any:
    """A home billed for two months."""
    made = town_of(store)
    made.start(1, tax_place="university_city")
    made.read("M1", (JULY, SEPTEMBER), even(100), seconds=3600)
    made.bill(1, on=SEPTEMBER)
    return made.lake


def multiplied(store: Any) -> Any:
    """A bill through a multiplier of one that is really two."""
    made = town_of(store)
    made.start(1, tax_place="university_city")
    made.read("M1", (JULY, AUGUST), even(100), seconds=3600)
    made.bill(1, on=AUGUST)
    return made.lake


def desk(store: Any, lake: Any, on: date = SEPTEMBER) -> Desk:
    return Desk(store, lake, the_book(), on, FOUND)


def bills(store: Any, number: int = 1) -> list[str]:
    found = store.bills_of_account(town_of(store).account_id(number))
    return sorted(one.bill_id for one in found)


@journey("issue bills", read, known(read))
def _(store: Any, told: Any) -> Any:
    town_of(store, told.lake).bill(1, 2, on=SEPTEMBER, known_at=GATE)
    return bills(store), bills(store, 2)


@journey("issue bills, one held", read_odd, known(read_odd))
def _(store: Any, told: Any) -> Any:
    town_of(store, told.lake).bill(1, on=SEPTEMBER, known_at=GATE)
    return bills(store), store.held_cases()


@journey("release a held bill", held, known(held))
def _(store: Any, told: Any) -> Any:
    release_held(told.cases[0], by="Ana", reason="a pump", desk=desk(store, told.lake))
    return bills(store)


@journey("approve a held bill", above, known(above))
def _(store: Any, told: Any) -> Any:
    approve_held(told.cases[0], by="Ben", reason="I saw it", desk=desk(store, told.lake, AUGUST))
    return bills(store)


@journey("run a held bill again", arrived, known(arrived))
def _(store: Any, told: Any) -> Any:
    rerun_held(told.cases[0], desk=desk(store, told.lake))
    return bills(store)


@journey("exclude a held bill", held, known(held))
def _(store: Any, told: Any) -> Any:
    return exclude_held(told.cases[0], by="Ana", reason="so", desk=desk(store, told.lake)).case


@journey("reopen a held bill", excluded, known(excluded))
def _(store: Any, told: Any) -> Any:
    return reopen_held(told.cases[0], by="Ana", reason="so", desk=desk(store, told.lake)).case


@journey("ask to leave a period uncharged", held, known(held))
def _(store: Any, told: Any) -> Any:
    return waive_held(told.cases[0], by="Ana", reason="so", desk=desk(store, told.lake)).case


def waived(store: Any) -> Any:
    """A bill that one person would leave uncharged."""
    lake = held(store)
    (case,) = store.held_cases()
    waive_held(case.case_id, by="Ana", reason="so", desk=desk(store, lake))
    return lake


@journey("leave a period uncharged", waived, known(waived))
def _(store: Any, told: Any) -> Any:
    approve_held(told.cases[0], by="Bob", reason="so", desk=desk(store, told.lake))
    return bills(store)


@journey("let a stopped run go", stopped, known(stopped))
def _(store: Any, told: Any) -> Any:
    return let_go_run(told.runs[0], by="Ana", reason="a heat wave", store=store, now=FOUND)


@journey("issue bills, stopped", about_to_stop, known(about_to_stop))
def _(store: Any, told: Any) -> Any:
    gate.bill(town_of(store, told.lake), *gate.MANY, scope="cycle 1", at=NEXT)
    return store.standing_stop()


@journey("rebill", wrong, known(wrong))
def _(store: Any, told: Any) -> Any:
    rebill(
        told.bills,
        author="Ana",
        reason="the readings were another meter's",
        on=date(2025, 9, 20),
        known_at=FOUND,
        store=store,
        lake=told.lake,
        book=the_book(),
    )
    return bills(store)


@journey("end a billed service", twice, known(twice))
def _(store: Any, told: Any) -> Any:
    with contextlib.suppress(Conflict):  # it has ended so already
        end_billed_service(
            agreement_id=store.bill(told.bills[-1]).agreement_id,
            last_day_out=date(2025, 8, 20),
            signed=Signed("Ana", "moved out, told late"),
            now=now_of(store, known_at=FOUND, book=the_book(), lake=told.lake),
            store=store,
        )
    return bills(store)


@journey("end a service before its newest bill", twice, known(twice))
def _(store: Any, told: Any) -> Any:
    with contextlib.suppress(Conflict):  # it has ended so already
        end_billed_service(
            agreement_id=store.bill(told.bills[-1]).agreement_id,
            last_day_out=date(2025, 7, 20),
            signed=Signed("Ana", "moved out, told late"),
            now=now_of(store, known_at=FOUND, book=the_book(), lake=told.lake),
            store=store,
        )
    return bills(store)


def _put_right(fact: WrongFact, is_now: str) -> Any:
    def put(store: Any, told: Any) -> Any:
        with contextlib.suppress(CannotPutRight):  # it is so already
            put_right(
                agreement_id=store.bill(told.bills[0]).agreement_id,
                fact=fact,
                is_now=is_now,
                signed=Signed("Ana", "entered wrong", "Bob"),
                now=now_of(store, known_at=FOUND, book=the_book(), lake=told.lake),
                store=store,
            )
        return bills(store), store.put_rights(store.bill(told.bills[0]).account_id)

    return put


journey("put a rate option right", twice, known(twice))(
    _put_right(WrongFact.SCHEDULE, "1M-overnight")
)
journey("put a first day right", twice, known(twice))(_put_right(WrongFact.FIRST_DAY, "2025-07-05"))
journey("put a cycle right", twice, known(twice))(_put_right(WrongFact.CYCLE, "5"))


@journey("put a multiplier right with its bills", multiplied, known(multiplied))
def _(store: Any, told: Any) -> Any:
    now = now_of(store, known_at=FOUND, book=the_book(), lake=told.lake)
    change_then_rebill(
        lambda only_look: correct_multiplier(
            *("M1", 2),
            reason="its transformers are 2 to 1",
            learned_at=FOUND,
            store=store,
            with_bills=True,
            dry_run=only_look,
        ),
        kept=lambda one: one.kept,
        anew=lambda one: "its bills",
        signed=Signed("Ana", "its transformers are 2 to 1"),
        now=now,
        store=store,
    )
    return bills(store)


@journey("leave a difference", wrong, known(wrong))
def _(store: Any, told: Any) -> Any:
    now = now_of(store, known_at=FOUND, book=the_book(), lake=told.lake)
    return leave_bill(told.bills[0], author="Ana", reason="it is small", store=store, now=now)
