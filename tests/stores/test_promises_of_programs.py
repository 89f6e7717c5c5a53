"""What stores promise of programmes: who takes part in what, on two clocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from psycopg import errors
from tests.stores.paper_town import ANALYST, LATER, LEARNED, account_id, agreement_of, start_of
from tests.stores.programs_of_paper import BEGINS, participation_of

from meterledger.kernel.span import Validity
from meterledger.usecases.ports import Conflict, NotFound, NotViewing

ONE, TWO = agreement_of(1).agreement_id, agreement_of(2).agreement_id
ENDS = date(2025, 6, 1)
AFTER = LATER + timedelta(days=1)


@pytest.fixture
def town(store: Any) -> Iterator[Any]:
    store.start_services([start_of(1), start_of(2)])
    with store.viewing(ANALYST, ["everything"]):
        yield store


def test_come_back_as_they_were_kept_and_only_of_those_who_take_part(town: Any) -> None:
    town.join_program(participation_of(1))
    found = town.participations([ONE, TWO])
    assert found == {ONE: (participation_of(1),)}
    assert town.participations([ONE], LEARNED) == found
    assert town.participations([ONE], LEARNED - timedelta(seconds=1)) == {}


def test_may_be_of_several_programs_without_blocks(town: Any) -> None:
    other = replace(participation_of(1), program="net_metering", blocks=None)
    town.join_program(participation_of(1))
    town.join_program(other)
    assert town.participations([ONE])[ONE] == (participation_of(1), other)


def test_of_nobody_are_refused(town: Any) -> None:
    with pytest.raises(NotFound, match="There is no agreement AG-9"):
        town.join_program(participation_of(9))
    stranger = replace(participation_of(1), account_id=account_id(2))
    with pytest.raises(NotFound, match="of this account"):
        town.join_program(stranger)
    assert town.participations([ONE]) == {}


def test_are_once_on_a_day(town: Any) -> None:
    town.join_program(participation_of(1))
    with pytest.raises(Conflict, match="takes part in community_solar on one of the days already"):
        town.join_program(replace(participation_of(1), days=Validity(ENDS), blocks=9))
    assert town.participations([ONE]) == {ONE: (participation_of(1),)}


def test_end_and_leave_what_was_known(town: Any) -> None:
    town.join_program(participation_of(1))
    town.leave_program(ONE, "community_solar", ENDS, LATER)
    (now,) = town.participations([ONE])[ONE]
    assert now.days == Validity(BEGINS, ENDS)
    (then,) = town.participations([ONE], LATER - timedelta(seconds=1))[ONE]
    assert then.days == Validity(BEGINS)
    again = replace(participation_of(1), days=Validity(ENDS), blocks=5, learned_at=AFTER)
    town.join_program(again)
    assert [one.blocks for one in town.participations([ONE])[ONE]] == [3, 5]


@pytest.mark.parametrize(("ahead", "ends"), [(0, False), (1, True)])
def test_end_after_their_first_day(town: Any, ahead: int, ends: bool) -> None:
    town.join_program(participation_of(1))
    day = BEGINS + timedelta(days=ahead)
    if ends:
        town.leave_program(ONE, "community_solar", day, LATER)
        return
    with pytest.raises(Conflict, match="cannot leave on"):
        town.leave_program(ONE, "community_solar", day, LATER)


def test_end_once(town: Any) -> None:
    with pytest.raises(NotFound, match="does not take part in community_solar"):
        town.leave_program(ONE, "community_solar", ENDS, LATER)
    town.join_program(participation_of(1))
    town.leave_program(ONE, "community_solar", ENDS, LATER)
    with pytest.raises(NotFound, match="does not take part in community_solar on 2025-06-01"):
        town.leave_program(ONE, "community_solar", ENDS, AFTER)


def test_are_read_by_a_named_viewer_alone(store: Any) -> None:
    with pytest.raises(NotViewing):
        store.participations([ONE])


@pytest.mark.postgres
def test_joining_twice_at_once_is_refused_by_the_database_itself(
    postgres: Any, application: Any
) -> None:
    postgres.start_services([start_of(1)])
    postgres.join_program(participation_of(1))
    with pytest.raises(errors.ExclusionViolation, match="in_a_program_once_a_day"):
        application.execute(
            "INSERT INTO participation (agreement_id, account_id, program, days, known) VALUES"
            " (%s, %s, 'community_solar', daterange('2025-05-01', NULL),"
            " tstzrange('2025-05-01', NULL))",
            [ONE, account_id(1)],
        )
