"""Which rate options are open to a meter, by how it is read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from meterledger.facts.meters import Meter, MeterKind
from meterledger.kernel.span import DaySpan
from meterledger.usecases.change_rate import change_rate
from meterledger.usecases.compare_schedules import compare_schedules
from meterledger.usecases.meter_ports import MeterChange
from meterledger.usecases.option_availability import OptionNotOpen
from meterledger.usecases.start_service import start_service

TOLD = datetime(2026, 12, 1, 12, tzinfo=UTC)
JULY, AUGUST = date(2025, 7, 1), date(2025, 8, 1)


def read_as(town: Any, kind: MeterKind | None) -> Any:
    town.start(1)
    if kind is not None:
        told = Meter("M1", kind, TOLD - timedelta(hours=1))
        town.store.change_meters(MeterChange("meter named", "M1", told.learned_at, meters=(told,)))
    return town


def change(town: Any, schedule: str) -> Any:
    return change_rate(
        account_id=town.account_id(1), schedule=schedule, asked=date(2025, 7, 10),
        learned_at=TOLD, view=town.book.as_known(TOLD.date()), store=town.store, dry_run=True,
    )  # fmt: skip


def test_an_amr_meter_has_two_options(town: Any) -> None:
    read_as(town, MeterKind.AMR)
    assert change(town, "1M-overnight").then.schedule == "1M-overnight"
    with pytest.raises(OptionNotOpen, match="1M-smart is not open to meter M1") as no:
        change(town, "1M-smart")
    assert "Open to such a meter are 1M-anytime, 1M-overnight" in no.value.why
    assert "Sheet 54" in no.value.why


@pytest.mark.parametrize("kind", [MeterKind.AMI, MeterKind.MANUAL, None])
def test_every_option_is_open_to_an_ami_meter_and_where_nothing_is_said(
    town: Any, kind: MeterKind | None
) -> None:
    read_as(town, kind)
    assert change(town, "1M-smart").then.schedule == "1M-smart"


def test_service_does_not_start_on_one_that_is_not_open(town: Any) -> None:
    read_as(town, MeterKind.AMR)
    town.store.stop_service(town.services(1, known_at=TOLD)[0].agreement.agreement_id, AUGUST, TOLD)
    later = TOLD + timedelta(hours=1)
    view = town.book.as_known(later.date())
    for schedule in ("1M-ultimate", "1M-overnight"):
        request = town.request(
            2, schedule=schedule, from_day=AUGUST, meter_id="M1", service_point_id="SP1",
            premise_id="PR1", address="1 Elm Street",
        )  # fmt: skip
        if schedule == "1M-ultimate":
            with pytest.raises(OptionNotOpen, match="which is of kind amr"):
                start_service(request, learned_at=later, view=view, store=town.store)
        else:
            start_service(request, learned_at=later, view=view, store=town.store)


def test_compare_says_so_in_its_row(town: Any) -> None:
    read_as(town, MeterKind.AMR)
    town.read("M1", (JULY, AUGUST), lambda day, count: [500] * count)
    compared = compare_schedules(
        account_id=town.account_id(1), span=DaySpan(JULY, AUGUST), asked=AUGUST,
        known_at=TOLD, store=town.store, lake=town.lake, book=town.book,
    )  # fmt: skip
    refused = {one.schedule: one.refusal for one in compared.answers if one.refusal}
    assert set(refused) == {"1M-evening-morning", "1M-smart", "1M-ultimate"}
    assert all("is not open to meter M1" in one for one in refused.values())
