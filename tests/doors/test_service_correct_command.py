"""``meterledger service correct``: what was entered wrong is put right, and its bills are named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.doors.test_service_command import ask, town  # noqa: F401
from tests.journeys.test_end_billed_service import AUGUST
from tests.journeys.town import VIEWER, Town, even


@pytest.fixture
def agreement(town: Town) -> str:  # noqa: F811
    town.read("M1", (AUGUST.replace(month=7, day=1), AUGUST.replace(month=9)), even(100))
    with town.store.viewing(VIEWER, ["a bill"]):
        (service,) = town.services(1)
        town.bill(1, on=AUGUST.replace(day=1))
    return str(service.agreement.agreement_id)


def test_a_look_names_the_bill_and_a_name_and_a_reason_keep_it(
    ask: Any,  # noqa: F811
    agreement: str,
) -> None:
    correct = ("correct", agreement, "--schedule", "1M-overnight")
    refused = ask(*correct)
    assert (refused.exit_code, "nobody is named who decides" in refused.output) == (2, True)
    looked = ask(*correct, "--dry-run")
    assert looked.exit_code == 0, looked.output
    assert "would be 1M-overnight, and not 1M-anytime" in looked.stdout
    assert "would take the place of" in looked.stdout

    done = ask(*correct, "--by", "Ana", "--reason", "typed", "--approved-by", "Bo", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["fact"], told["was"], told["is_now"]) == (
        *("rate option", "1M-anytime", "1M-overnight"),
    )
    assert len(told["rebilled"]["corrected"]) == 1


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ((), "No fact is named"),
        (("--cycle", "5", "--first-day", "2025-07-02"), "Several facts are named"),
        (("--first-day", "soon"), "soon"),
        (("--first-day", "2025-07-01"), "Its first day is 2025-07-01 already"),
    ],
)
def test_one_fact_is_put_right_at_a_time(
    ask: Any,  # noqa: F811
    agreement: str,
    told: tuple[str, ...],
    said: str,
) -> None:
    refused = ask("correct", agreement, *told, "--by", "Ana", "--reason", "typed")
    assert (refused.exit_code, said in refused.output) == (2, True)
