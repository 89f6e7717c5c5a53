"""Doors of the web at which charges of a disturbed load are agreed on, and agreements ended.

Lives here      towns and requests. Lives elsewhere what a door is (``web_door``), who sends them
                and kills the server (``test_web_survives_anything``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any

from tests.faults.web_door import CASES, WORDS, Door, form
from tests.journeys.desk_of_payments import NOW, TODAY
from tests.stores.extension_town import the_book
from tests.stores.paper_town import ANALYST, account_id, start_of

from meterledger.billing import LoadCause, reading_day
from meterledger.facts.relief import ReliefTerm
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.relief import ReliefAsked, ReliefDesk, approve_relief, ask_relief


def desk(store: Any) -> ReliefDesk:
    return ReliefDesk(store, the_book(), TODAY, NOW)


def asked(store: Any) -> None:
    """Plants for which Ana asked that half of a month's demand charge is taken off."""
    plants(store)
    for number in CASES:
        half = ReliefTerm("demand_winter", share=Fraction(1, 2))
        wanted = ReliefAsked(account_id(number), LoadCause.FIRE, (month(),), (half,))
        ask_relief(wanted, by="Ana", reason="the hall burned", desk=desk(store))


def agreed(store: Any) -> None:
    """And Zoe agreed."""
    asked(store)
    later = replace(desk(store), now=NOW.replace(microsecond=1))
    for one in store.reliefs():
        approve_relief(one.relief_id, by="Zoe", reason="as asked", desk=later)


@cache
def name_of(number: int) -> str:
    """The name of a plant's agreement, in a town like that one."""
    twin = MemoryStore()
    with twin.viewing(ANALYST, ["all"]):
        asked(twin)
        (one,) = twin.reliefs(account_id(number))
        return one.relief_id


def plants(store: Any) -> None:
    """Plants whose halls burned."""
    for number in CASES:
        start = start_of(number)
        store.start_service(replace(start, agreement=replace(start.agreement, schedule="3M")))


@cache
def month() -> date:
    """The first day of a billing period to come."""
    view = the_book().as_known(TODAY)
    return reading_day(cycle=15, year=2027, month=2, view=view)


DOORS = {
    "ask for relief": Door(
        plants,
        lambda n: form(
            "/relief/ask/",
            account=account_id(n),
            cause="fire",
            months=month().isoformat(),
            less="demand_winter=50%",
            **WORDS,
        ),
    ),
    "agree on relief": Door(
        asked, lambda n: form(f"/relief/{name_of(n)}/", act="approve", **WORDS)
    ),
    "end relief": Door(agreed, lambda n: form(f"/relief/{name_of(n)}/", act="end", **WORDS)),
}
