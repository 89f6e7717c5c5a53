"""A bill of days that were measured together: on the page, on paper, and rated from its file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from tests.doors.web_town import WebTown
from tests.journeys.town import CHICAGO, FIRST, VIEWER, Town
from tests.tidy.house import ROOT

from meterledger.entrypoints.file_usage import usage_from_file
from meterledger.entrypoints.web import system
from meterledger.entrypoints.web.chart import HEIGHT, PITCH, chart_of, stretch_chart
from meterledger.facts.bills import read_record
from meterledger.facts.usage import TiledUsage
from meterledger.kernel.span import DaySpan
from meterledger.stores.gateways import read_bytes
from meterledger.usage import IntervalCrossesEdge, WindowHasGap
from meterledger.usecases.receive_readings import receive_readings

AUGUST, SEPTEMBER, OCTOBER = (date(2025, month, 1) for month in (8, 9, 10))
READ_TWICE = (
    "E-1,2025-08-01T05:00:00Z,2025-08-11T05:00:00Z,300,kWh",
    "E-1,2025-08-11T05:00:00Z,2025-09-01T05:00:00Z,420,kWh",
)
READ_ONCE = ("E-1,2025-09-01T05:00:00Z,2025-10-01T05:00:00Z,512.5,kWh",)


def table(*rows: str) -> bytes:
    return "\n".join(["meter,start,end,value,unit", *rows, ""]).encode()


@pytest.fixture
def months() -> Iterator[WebTown]:
    """One home whose meter was read twice in August and once in September, behind the pages."""
    town = Town()
    with town.store.viewing(VIEWER, []):
        town.start(1, meter_id="E-1", from_day=AUGUST, tax_place="university_city")
        receive_readings(
            file=read_bytes("reads.csv", table(*READ_TWICE, *READ_ONCE), received_at=FIRST),
            store=town.store,
            lake=town.lake,
            utility=town.view.name,
            zone_name=CHICAGO,
            learned_at=FIRST,
        )
        assert town.bill(1, on=OCTOBER).issued_count == 2
    made = WebTown(town)
    before = system.provide(made)
    yield made
    system.provide(before)


def browser() -> Client:
    return Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)


class TestOnThePage:
    def test_each_stretch_is_a_bar_and_a_row(self, months: WebTown) -> None:
        august, september = months.bills(1)
        page = browser().get(f"/bills/{august.bill_id}/").content.decode()

        assert "Average daily use in kilowatt-hours, of days measured together" in page
        assert page.count("<rect") == 2
        assert "August 1 to August 10, 2025: 300.0 kWh, about 30.0 kWh a day" in page
        assert '<th scope="row">August 11 to August 31, 2025</th><td class="n">420.000</td>' in page
        assert "2 of several lengths, 720000 Wh" in page
        page = browser().get(f"/bills/{september.bill_id}/").content.decode()
        assert "September 1 to September 30, 2025: 512.5 kWh, about 17.1 kWh a day" in page
        assert "1 of 2592000 s, 512500 Wh" in page

    def test_it_is_printed_on_one_sheet_too(self, months: WebTown) -> None:
        for bill in months.bills(1):
            response = browser().get(f"/bills/{bill.bill_id}.pdf")
            reader = PdfReader(io.BytesIO(response.content))
            assert len(reader.pages) <= 2  # a sheet has two pages
            assert f"${bill.total_cents // 100}.{bill.total_cents % 100:02d}" in (
                reader.pages[0].extract_text()
            )


class TestTheChart:
    def test_is_daily_where_the_record_has_days(self) -> None:
        days = DaySpan(date(2025, 8, 1), date(2025, 8, 3))
        usage: dict[str, Any] = {"daily_wh": [1_000, 2_000]}

        assert [bar.day_count for bar in chart_of(days, usage).bars] == [1, 1]

    @given(
        st.lists(
            st.tuples(st.integers(1, 40), st.integers(0, 10**9)), min_size=1, max_size=12
        )
    )  # fmt: skip
    def test_is_as_wide_as_its_days_and_as_high_as_their_average(
        self, drawn: list[tuple[int, int]]
    ) -> None:
        first, stretches = date(2025, 8, 1).toordinal(), []
        for count, energy in drawn:
            days = DaySpan(date.fromordinal(first), date.fromordinal(first + count))
            stretches.append((days, energy))
            first += count

        chart = stretch_chart(stretches)

        assert chart.width == PITCH * sum(count for count, _ in drawn)
        assert [bar.energy_wh for bar in chart.bars] == [energy for _, energy in drawn]
        assert all(bar.y + bar.height == HEIGHT and bar.height >= 0 for bar in chart.bars)
        assert chart.bars[-1].x + chart.bars[-1].width < chart.width
        averages = [energy / count for count, energy in drawn]
        by_average = sorted(zip(averages, chart.bars, strict=True), key=lambda pair: pair[0])
        heights = [bar.height for _, bar in by_average]
        assert heights == sorted(heights)


class TestRatingAFile:
    def test_of_months_takes_the_months_of_the_window(self, tmp_path: Path) -> None:
        path = tmp_path / "reads.csv"
        path.write_bytes(table(*READ_TWICE, *READ_ONCE))

        usage = usage_from_file(path, DaySpan(AUGUST, SEPTEMBER), meter=None, zone=CHICAGO)

        assert isinstance(usage, TiledUsage)
        assert [one.energy_wh for one in usage.intervals] == [300_000, 420_000]

    @pytest.mark.parametrize(
        ("until", "refusal", "words"),
        [
            (date(2025, 9, 15), IntervalCrossesEdge, "lies across the beginning of 2025-09-15"),
            (date(2025, 10, 15), WindowHasGap, "Nothing is known from 2025-10-01T05:00:00Z"),
        ],
    )
    def test_that_does_not_fill_the_window_is_refused(
        self, until: date, refusal: type[Exception], words: str, tmp_path: Path
    ) -> None:
        path = tmp_path / "reads.csv"
        path.write_bytes(table(*READ_TWICE, *READ_ONCE))

        with pytest.raises(refusal, match=words):
            usage_from_file(path, DaySpan(AUGUST, until), meter=None, zone=CHICAGO)

    def test_of_days_takes_the_long_day_too(self) -> None:
        """Official days of Eastern time, through 2011-11-06 of 25 hours."""
        path = ROOT / "tests" / "data" / "greenbutton" / "12MonthlyUpdates.xml.gz"
        november = DaySpan(date(2011, 11, 1), date(2011, 12, 1))

        usage = usage_from_file(path, november, meter=None, zone="America/New_York")

        assert isinstance(usage, TiledUsage)
        assert len(usage.intervals) == 30
        assert datetime.fromtimestamp(usage.intervals[5].start, UTC).hour == 4
        assert usage.intervals[5].seconds == 90_000


def test_the_record_tells_stretches_and_no_days(months: WebTown) -> None:
    usage = read_record(months.bills(1)[0].record)["usage"]

    assert usage["daily_wh"] == []
    assert usage["stretches"] == [
        {"from": "2025-08-01", "to": "2025-08-11", "energy_wh": 300_000},
        {"from": "2025-08-11", "to": "2025-09-01", "energy_wh": 420_000},
    ]
