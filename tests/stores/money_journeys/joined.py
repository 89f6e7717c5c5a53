"""Programmes that a service takes part in, and accounts on one combined statement."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from tests.journeys.combined_town import AFTER, SCHOOLS, accounts_of, combine
from tests.journeys.combined_town import FIRST as OPENED
from tests.journeys.combined_town import KNOWN as COMBINED
from tests.journeys.programs_town import BEGINS, JOINED, KNOWN, ProgramTown
from tests.journeys.town import VIEWER, even
from tests.stores.extension_town import the_book
from tests.stores.money_journeys.billed import bills, town_of
from tests.stores.money_journeys.billed import known as known_lake
from tests.stores.money_journeys.journey import journey

from meterledger.stores.memory import MemoryStore
from meterledger.usecases.change_rate import change_rate
from meterledger.usecases.combinations import add_to_combination, end_combination
from meterledger.usecases.combined_statements import state_combination
from meterledger.usecases.ports import Conflict
from meterledger.usecases.programs import leave_program
from meterledger.usecases.rebill import rebill

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
SOLAR, NET = "community_solar_residential", "net_metering"
LATER = KNOWN + timedelta(hours=1)


def program_town(store: Any, lake: Any = None) -> ProgramTown:
    made = ProgramTown(the_book())
    made.store = store
    made.lake = lake or made.lake
    return made


def known(town: Callable[[Any], Any]) -> Callable[[], Any]:
    """The lake of a town, and its bills: another town of the same words has the same."""

    def made() -> Any:
        store = MemoryStore()
        with store.viewing(VIEWER, ["all"]):
            return town(store), bills(store)

    return made


# ------------------------------------------------------------------------------- programmes


def home(store: Any) -> Any:
    """A home that is read since February."""
    made = program_town(store)
    made.begin(1, "1M-anytime")
    made.read("M1", (BEGINS, APRIL), even(800), seconds=3600)
    return made.lake


def with_blocks(store: Any) -> Any:
    """It has three Solar Blocks."""
    lake = home(store)
    program_town(store, lake).join(1, SOLAR, blocks=3)
    return lake


def that_gives_back(store: Any) -> Any:
    """A home that gives back more than it takes, and has credits of its first bill."""
    made = program_town(store)
    made.begin(1, "1M-anytime")
    made.read("M1", (BEGINS, APRIL), even(200))
    made.received(1, (BEGINS, MARCH), 500)
    made.received(1, (MARCH, APRIL), 100)
    made.join(1, NET)
    made.bill(1, on=MARCH, known_at=KNOWN)
    return made.lake


def that_gave_less(store: Any) -> Any:
    """Whose first bill rests on readings that were another meter's."""
    made = program_town(store, that_gives_back(store))
    made.files = 1
    made.read("M1", (BEGINS, MARCH), even(300), learned_at=LATER)
    made.received(1, (BEGINS, MARCH), 500)
    return made.lake


def parts(store: Any) -> Any:
    """What the home takes part in by now."""
    account = town_of(store).account_id(1)
    found = store.services_of_account(account, LATER + timedelta(days=1))
    return store.participations([one.agreement.agreement_id for one in found])


@journey("join a programme", home)
def _(store: Any, outside: Any) -> Any:
    with contextlib.suppress(Conflict):
        program_town(store).join(1, SOLAR, blocks=3)
    return parts(store)


@journey("leave a programme", with_blocks)
def _(store: Any, outside: Any) -> Any:
    told = {"program": SOLAR, "on": MARCH, "learned_at": JOINED + timedelta(minutes=1)}
    leave_program(account_id=town_of(store).account_id(1), store=store, **told)  # type: ignore[arg-type]
    return parts(store)


@journey("change a rate option, its programme goes on", that_gives_back)
def _(store: Any, outside: Any) -> Any:
    with contextlib.suppress(Conflict):
        change_rate(
            account_id=town_of(store).account_id(1),
            schedule="1M-evening-morning",
            asked=MARCH + timedelta(days=9),
            learned_at=LATER,
            view=program_town(store).view,
            store=store,
        )
    return parts(store)


@journey("issue bills, with Solar Blocks", with_blocks, known(with_blocks))
def _(store: Any, outside: Any) -> Any:
    program_town(store, outside[0]).bill(1, on=MARCH, known_at=LATER)
    return bills(store)


@journey("issue bills, with credits", that_gives_back, known(that_gives_back))
def _(store: Any, outside: Any) -> Any:
    program_town(store, outside[0]).bill(1, on=APRIL, known_at=LATER)
    return bills(store)


@journey("rebill, with credits", that_gave_less, known(that_gave_less))
def _(store: Any, outside: Any) -> Any:
    lake, names = outside
    rebill(
        names,
        author="Ana",
        reason="the readings were another meter's",
        on=date(2026, 4, 20),
        known_at=LATER + timedelta(hours=1),
        store=store,
        lake=lake,
        book=the_book(),
    )
    return bills(store)


# ---------------------------------------------------------------------- combined statements

TEN, ELEVENTH = tuple(range(1, 11)), 11
A_MONTH_ON, TWO_ON = OPENED + timedelta(days=31), OPENED + timedelta(days=62)


def schools(store: Any) -> Any:
    """Eleven schools of one customer, two of which are read."""
    made = town_of(store)
    for number in (*TEN, ELEVENTH):
        made.start(number, people=(("P1", SCHOOLS),), from_day=OPENED)
    for number in (1, 2):
        made.read(f"M{number}", (OPENED, TWO_ON), even(300 + number), seconds=3600)
    return made.lake


def combined(store: Any) -> Any:
    """Ten of them are on one statement."""
    lake = schools(store)
    combine(town_of(store, lake), *TEN)
    return lake


def to_state(store: Any) -> Any:
    """And two have a bill that stands on none yet."""
    lake = combined(store)
    town_of(store, lake).bill(1, 2, on=A_MONTH_ON, known_at=COMBINED)
    return lake


def of_schools(store: Any, learned_at: datetime = AFTER) -> dict[str, Any]:
    view = town_of(store).view
    return {
        "combination_id": "SCHOOLS",
        "on": A_MONTH_ON,
        "learned_at": learned_at,
        "view": view,
        "store": store,
    }


def of_many(name: str, town: Callable[[Any], Any]) -> Callable[[Callable[[Any], Any]], None]:
    """A journey of a combination: it is told what the combination is in the end."""

    def add(act: Callable[[Any], Any]) -> None:
        @journey(name, town, known_lake(town))
        def _(store: Any, told: Any) -> Any:
            with contextlib.suppress(Conflict):  # somebody else has kept the same meanwhile
                act(store)
            return store.combination("SCHOOLS")

    return add


@of_many("combine accounts", schools)
def _(store: Any) -> Any:
    return combine(town_of(store), *TEN, learned_at=AFTER)


@of_many("add to a combination", combined)
def _(store: Any) -> Any:
    (name,) = accounts_of((ELEVENTH,))
    return add_to_combination(account_id=name, **of_schools(store))


@of_many("take out of a combination", combined)
def _(store: Any) -> Any:
    (name,) = accounts_of((1,))
    return end_combination(account_id=name, **of_schools(store))


@of_many("end a combination", combined)
def _(store: Any) -> Any:
    return end_combination(account_id=None, **of_schools(store))


@of_many("state a combination", to_state)
def _(store: Any) -> Any:
    return state_combination(**of_schools(store))
