"""Meters change places in any order: both stores answer alike, and no second has two of anything.

Hypothesis makes the histories; what is refused by one store is refused by the other, and what both
keep is a history in which each meter is in one place and each place has one meter at any second.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stores.paper_town import ANALYST, start_of

from meterledger.facts.meters import LinkSource, RegisterRead
from meterledger.facts.places import MeterInstallation
from meterledger.kernel.refusal import Refusal
from meterledger.stores.memory import MemoryStore
from meterledger.stores.postgres.opening import Database, open_database
from meterledger.stores.postgres.private_server import (
    DATABASE,
    OWNER,
    SUPERUSER,
    PrivateServer,
)
from meterledger.usecases.change_meters import (
    exchange_meter,
    install_meter,
    remove_meter,
    uncross_meters,
)
from meterledger.usecases.meter_checks import Linked, Visit

CHICAGO = "America/Chicago"
BEGINNING = datetime(2025, 1, 1, 6, tzinfo=UTC)  # midnight in Missouri
LEARNED = datetime(2025, 6, 1, tzinfo=UTC)
POINTS = ("SP-1", "SP-2", "SP-3")
METERS = ("M-1", "M-2", "M-3", "M-8", "M-9")
SEEN = Linked(LinkSource.INSTALLER_SCAN, 90, "a scan")

STEPS = st.lists(
    st.tuples(
        st.sampled_from(("exchange", "remove", "install", "uncross")),
        st.sampled_from(POINTS),
        st.sampled_from(METERS),
        st.sampled_from(METERS),
        st.integers(0, 40 * 24),  # hours after the beginning
    ),
    max_size=8,
)


def do(store: Any, step: tuple[str, str, str, str, int], learned_at: datetime) -> str:
    """One step; what became of it, in a word."""
    kind, point, meter, other, hours = step
    visit = Visit(
        point,
        BEGINNING + timedelta(hours=hours, minutes=hours % 7),
        "a story",
        (RegisterRead("kWh", "1"),),
        (RegisterRead("kWh", "2"),),
    )
    how = {"learned_at": learned_at, "zone_name": CHICAGO, "store": store}
    try:
        if kind == "exchange":
            exchange_meter(visit, meter, SEEN, **how)
        elif kind == "remove":
            remove_meter(meter, replace(visit, opening=()), **how)
        elif kind == "install":
            install_meter(meter, replace(visit, closing=()), SEEN, **how)
        else:
            day = date(2025, 1, 1) + timedelta(days=hours // 24)
            uncross_meters(meter, other, from_day=day, reason="crossed", linked=SEEN, **how)
    except Refusal as refusal:
        return refusal.sentence
    return "done"


def history(store: Any, at: datetime | None = None) -> list[MeterInstallation]:
    found = store.installations_at(POINTS, at)
    return [replace(one, learned_at=LEARNED) for point in POINTS for one in found.get(point, ())]


def no_second_has_two(installations: list[MeterInstallation]) -> bool:
    return not any(
        one.overlaps(other)
        for one, other in combinations(installations, 2)
        if one.meter_id == other.meter_id or one.service_point_id == other.service_point_id
    )


def live(store: Any, steps: list[Any]) -> tuple[list[str], list[list[MeterInstallation]]]:
    store.start_services([start_of(number) for number in (1, 2, 3)])
    said, seen = [], []
    with store.viewing(ANALYST, []):
        for number, step in enumerate(steps):
            said.append(do(store, step, LEARNED + timedelta(hours=number)))
            seen.append(history(store))
        for number in range(len(steps)):  # what was believed is still known to have been
            moment = LEARNED + timedelta(hours=number, minutes=30)
            assert history(store, moment) == seen[number]
    return said, seen


@given(STEPS)
@settings(max_examples=150, deadline=None)
def test_in_memory_no_second_has_two_of_anything(steps: list[Any]) -> None:
    _, seen = live(MemoryStore(), steps)

    assert all(no_second_has_two(one) for one in seen)


def histories(count: int) -> list[list[Any]]:
    """The same histories on every run."""
    made: list[list[Any]] = []

    @given(STEPS)
    @settings(max_examples=count, deadline=None, database=None, derandomize=True)
    def collect(steps: list[Any]) -> None:
        made.append(steps)

    collect()
    return made


@pytest.mark.postgres
def test_postgres_answers_as_memory_does(server: PrivateServer) -> None:
    done = refused = 0
    for number, steps in enumerate(histories(20)):
        name = f"meters_in_any_order_{number}"
        with psycopg.connect(**server.connection(SUPERUSER), autocommit=True) as administrator:
            administrator.execute(
                f"CREATE DATABASE {name} TEMPLATE {DATABASE} OWNER {OWNER} STRATEGY file_copy"
            )
            application = {**server.connection(), "dbname": name}
            with open_database(Database(application, None, name)) as store:
                answer = live(store, steps)
            assert answer == live(MemoryStore(), steps)
            administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")
        done += answer[0].count("done")
        refused += len(answer[0]) - answer[0].count("done")
    assert done > 5
    assert refused > 5
