"""Meters of one account on one bill: arranged, ended, taken back, billed and corrected."""

from __future__ import annotations

import contextlib
from datetime import date
from typing import Any

from tests.journeys.test_bills_together import (
    AUGUST,
    JULY,
    arrange,
    part,
    read_both,
    with_a_barn,
)
from tests.journeys.test_gate_bills import GATE
from tests.journeys.town import LATER, even
from tests.stores.extension_town import the_book
from tests.stores.money_journeys.billed import FOUND, bills, known, town_of
from tests.stores.money_journeys.journey import journey

from meterledger.usecases.change_then_rebill import Signed
from meterledger.usecases.end_billed_service import end_billed_service
from meterledger.usecases.find_corrections import now_of
from meterledger.usecases.ports import Conflict
from meterledger.usecases.rebill import rebill


def a_barn(store: Any) -> Any:
    """A house and a barn of one account, each with its meter read for two months."""
    made = town_of(store)
    made.start(1)
    with_a_barn(made)
    read_both(made)
    return made.lake


def arranged(store: Any) -> Any:
    """And on one bill from the first day on."""
    lake = a_barn(store)
    arrange(town_of(store, lake))
    return lake


def billed(store: Any) -> Any:
    """And two months are billed so."""
    lake = arranged(store)
    town_of(store, lake).bill(1, on=AUGUST.until_day, known_at=GATE)
    return lake


def wrong(store: Any) -> Any:
    """And the barn's meter had registered other energy."""
    made = town_of(store, billed(store))
    made.files = 2
    made.read("M2", (JULY.from_day, AUGUST.until_day), even(9), learned_at=LATER)
    return made.lake


@journey("meters together", a_barn, known(a_barn))
def _(store: Any, told: Any) -> Any:
    made = town_of(store, told.lake)
    arrange(made)
    return store.together_of_account(made.account_id(1))


@journey("meters apart again", arranged, known(arranged))
def _(store: Any, told: Any) -> Any:
    made = town_of(store, told.lake)
    part(made, AUGUST.from_day)
    return store.together_of_account(made.account_id(1))


@journey("meters together, taken back", arranged, known(arranged))
def _(store: Any, told: Any) -> Any:
    made = town_of(store, told.lake)
    part(made, JULY.from_day)
    return store.together_of_account(made.account_id(1))


@journey("issue bills, together", arranged, known(arranged))
def _(store: Any, told: Any) -> Any:
    town_of(store, told.lake).bill(1, on=AUGUST.until_day, known_at=GATE)
    return bills(store)


@journey("rebill, together", wrong, known(wrong))
def _(store: Any, told: Any) -> Any:
    rebill(
        told.bills,
        author="Ana",
        reason="the barn was read again",
        on=date(2025, 9, 20),
        known_at=FOUND,
        store=store,
        lake=told.lake,
        book=the_book(),
    )
    return bills(store)


def _end(which: int) -> Any:
    def stop(store: Any, told: Any) -> Any:
        made = town_of(store, told.lake)
        service = made.services(1, known_at=FOUND)[which]
        with contextlib.suppress(Conflict):  # it has ended so already
            end_billed_service(
                agreement_id=service.agreement.agreement_id,
                last_day_out=date(2025, 7, 20),
                signed=Signed("Ana", "left, and told late", "Bob"),
                now=now_of(store, known_at=FOUND, book=the_book(), lake=told.lake),
                store=store,
            )
        return bills(store)

    return stop


journey("end a point on a bill of several", billed, known(billed))(_end(1))
journey("end the one whose bill it is", billed, known(billed))(_end(0))
