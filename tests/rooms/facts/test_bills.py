"""Bills and lines keep their own promises: cited, inside the period, summing to the total."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.facts.bills import (
    Bill,
    BilledUsage,
    BillKind,
    BillPins,
    RecordUnreadable,
    Stretch,
    read_record,
)
from meterledger.facts.charges import ChargeGroup, ChargeLine
from meterledger.kernel.canonical import canonical_bytes
from meterledger.kernel.citation import Citation
from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing

JULY = DaySpan(date(2025, 7, 1), date(2025, 8, 1))
CLAUSE = Citation("Schedule 6", "Sheet 54", None, "Anytime, energy", date(2025, 6, 1))


def line(cents: int, *, standing: Standing = Standing.FILED, days: DaySpan = JULY) -> ChargeLine:
    return ChargeLine(
        code="energy",
        label="Energy",
        group=ChargeGroup.BASE,
        days=days,
        quantity="1",
        unit="kWh",
        price_usd="0.10",
        cents=cents,
        standing=standing,
        citations=(CLAUSE,),
        arithmetic="as said",
    )


def bill(*lines: ChargeLine) -> Bill:
    return Bill(
        bill_id="B-A1-20250701-20250801",
        account_id="1234567897",
        agreement_id="A1",
        service_point_id="SP1",
        schedule="1M-anytime",
        kind=BillKind.REGULAR,
        days=JULY,
        issued_day=date(2025, 8, 1),
        due_day=date(2025, 8, 22),
        usage=BilledUsage("d5c9", 900, 2976, 1000, (1000,), "00"),
        lines=lines,
        tax_place="none",
        pins=BillPins(datetime(2025, 8, 1, 9, 30, tzinfo=UTC), 7, "ab", "1", "2026.6"),
    )


class TestALine:
    def test_cites_the_clause_it_stands_on(self) -> None:
        with pytest.raises(InvariantBroken, match="line energy cites the clause"):
            replace(line(1), citations=())

    def test_writes_amounts_as_text(self) -> None:
        record = line(-136).as_json()

        assert record["usd"] == "-1.36"
        assert record["from"] == "2025-07-01"
        assert record["to"] == "2025-08-01"


class TestABill:
    @given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=20))
    def test_is_the_sum_of_its_lines_and_of_nothing_else(self, cents: list[int]) -> None:
        assert bill(*map(line, cents)).total_cents == sum(cents)

    def test_has_a_line(self) -> None:
        with pytest.raises(InvariantBroken, match="bill B-A1-20250701-20250801 has a line"):
            bill()

    @pytest.mark.parametrize(
        "days",
        [
            DaySpan(date(2025, 6, 30), date(2025, 7, 2)),  # begins a day early
            DaySpan(date(2025, 7, 30), date(2025, 8, 2)),  # ends a day late
        ],
    )
    def test_has_no_line_outside_its_period(self, days: DaySpan) -> None:
        with pytest.raises(InvariantBroken, match="lies within the service period"):
            bill(line(1), line(1, days=days))

    def test_is_known_as_well_as_its_weakest_line(self) -> None:
        assert bill(line(1), line(1, standing=Standing.ASSUMED)).standing is Standing.ASSUMED
        assert bill(line(1)).standing is Standing.FILED

    def test_has_one_record_and_one_hash(self) -> None:
        record = read_record(bill(line(16519)).record())

        assert record["total_usd"] == "165.19"
        assert record["pins"]["known_at"] == "2025-08-01T09:30:00Z"
        assert bill(line(1)).record_sha256 == bill(line(1)).record_sha256
        assert bill(line(1)).record_sha256 != bill(line(2)).record_sha256


class TestAnAnswer:
    def test_says_the_stretches_of_a_bill_in_text_too(self) -> None:
        usage = replace(
            bill(line(1)).usage, daily_wh=(), energy_wh=5, stretches=(Stretch(JULY, 5),)
        )

        answer = replace(bill(line(1)), usage=usage).as_answer()["usage"]

        assert answer["energy_wh"] == "5"
        assert answer["stretches"] == [{"from": "2025-07-01", "to": "2025-08-01", "energy_wh": "5"}]
        assert usage.as_json()["stretches"] == [
            {"from": "2025-07-01", "to": "2025-08-01", "energy_wh": 5}
        ]


class TestPins:
    @pytest.mark.parametrize(
        "moment",
        [
            datetime(2025, 8, 1, 9, 30),  # noqa: DTZ001 - nobody knows when that is
            datetime(2025, 8, 1, 9, 30, tzinfo=timezone(timedelta(hours=-5))),
        ],
    )
    def test_are_of_an_instant_in_utc(self, moment: datetime) -> None:
        with pytest.raises(InvariantBroken, match="a bill pins an instant in UTC"):
            BillPins(moment, 7, "ab", "1", "2026.6")


def values_in(record: Any) -> Iterator[Any]:
    """Every value and name in a JSON object."""
    if isinstance(record, dict):
        for name, value in record.items():
            yield name
            yield from values_in(value)
    elif isinstance(record, list):
        for value in record:
            yield from values_in(value)
    else:
        yield record


def test_a_record_holds_text_and_whole_numbers_only() -> None:
    """Writing it does not look again, so that a cycle of a city is written in time."""
    made = bill(line(16519), line(-3))

    kinds = {type(value) for value in values_in(made.as_json())}

    assert kinds <= {str, int, type(None)}
    assert canonical_bytes(read_record(made.record())) == canonical_bytes(made.as_json())


@given(words=st.text(max_size=60), cents=st.integers(min_value=-(10**15), max_value=10**15))
def test_a_record_has_the_canonical_bytes_whatever_words_are_in_it(words: str, cents: int) -> None:
    """Bills are written by a faster writer than other records, and nobody may notice."""
    made = replace(bill(replace(line(cents), label=words, arithmetic=words)), tax_place=words)

    assert made.record() == canonical_bytes(json.loads(made.record()))


@pytest.mark.parametrize("stored", [b"", b"{}", b"[]", b'{"clauses":[],"lines":[{}]}', b"\xff"])
def test_what_is_no_record_is_refused_with_the_way_out(stored: bytes) -> None:
    with pytest.raises(RecordUnreadable, match="Compute the bill again with `meterledger replay`"):
        read_record(stored)
