"""A generated population goes through the same stores and journey as everybody else."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime

import numpy as np
import pytest
from tests.town.towns import MemoryUtility

from meterledger.entrypoints.demo.population import Population
from meterledger.entrypoints.demo.story import book_completed_at
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.ids import check_digit_holds
from meterledger.kernel.span import DaySpan
from meterledger.usecases.issue_bills import issue_bills

AUGUST = DaySpan(date(2025, 8, 1), date(2025, 9, 1))
ZONE = "America/Chicago"


def population(count: int, cycles: tuple[int, ...] = (1,)) -> Population:
    return Population(count, "union_electric_mo6", ZONE, cycles)


class TestPopulation:
    def test_a_month_of_everybody_is_billed_to_the_watt_hour(self, utility: MemoryUtility) -> None:
        people = Population(60, utility.view.name, ZONE)
        at: datetime = book_completed_at(utility.book)
        utility.store.start_services(list(people.starts(from_day=AUGUST.from_day, learned_at=at)))
        energy_wh = 0
        for number, block in enumerate(people.blocks(AUGUST, meters_per_block=25)):
            source = sha256_hex(f"block {number}".encode())
            names = utility.lake.write_block(
                block.meters,
                block.days,
                block.values,
                source_sha256=source,
                learned_at=at,
                at_sequence=utility.store.lake_sequence(),
            )
            utility.store.record_file(
                sha256=source,
                name=f"block {number}",
                format="generated",
                channels=[],
                quarantined=[],
                lake_files=names,
                learned_at=at,
            )
            energy_wh += int(block.values.sum())

        run = issue_bills(
            services=utility.store.services_of_cycle(1, at),
            on=AUGUST.until_day,
            known_at=at,
            store=utility.store,
            lake=utility.lake,
            book=utility.book,
        )

        assert (run.issued_count, run.held) == (60, [])
        assert run.energy_billed_wh == energy_wh > 0

    def test_is_spread_over_options_places_and_cycles(self) -> None:
        people = population(300, cycles=(1, 11, 21))
        kinds = Counter(
            (people.schedule(number), people.tax_place(number), people.cycle(number))
            for number in range(300)
        )
        assert len(kinds) == 5 * 5 * 3
        assert set(kinds.values()) == {4}

    def test_has_account_numbers_that_can_be_typed(self) -> None:
        people = population(10**8)
        accounts = [people.account_id(number) for number in (0, 19_999, 10**8 - 1)]
        assert all(len(one) == 10 and check_digit_holds(one) for one in accounts)

    def test_comes_in_blocks_that_do_not_depend_on_their_size(self) -> None:
        day = DaySpan(date(2025, 11, 2), date(2025, 11, 3))

        def by_meter(size: int) -> dict[str, list[int]]:
            return {
                meter: row.tolist()
                for block in population(40).blocks(day, meters_per_block=size)
                for meter, row in zip(block.meters, block.values, strict=True)
            }

        small, large = by_meter(7), by_meter(1000)
        assert small == large
        assert {len(row) for row in small.values()} == {100}
        (block,) = population(3).blocks(day)
        assert block.values.dtype == np.int32

    @pytest.mark.parametrize("count", [0, -1, 10**8 + 1])
    def test_is_not_empty_and_not_endless(self, count: int) -> None:
        with pytest.raises(InvariantBroken, match="between 1 and"):
            population(count)
