"""A register that runs back is reported, and never taken for a rollover."""

from __future__ import annotations

import pytest

from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    Quality,
    Reading,
)
from meterledger.metering import find_backward_steps


def register(
    *values: int | None, unit: str = "gal", kind: ChannelKind = ChannelKind.REGISTER
) -> ChannelReadings:
    channel = Channel("W1", Commodity.WATER, unit, kind, Flow.DELIVERED, None, 0)
    return ChannelReadings(
        channel,
        tuple(
            Reading(3600 * n, 0, value, Quality.MISSING if value is None else Quality.RAW, n + 1)
            for n, value in enumerate(values)
        ),
    )


class TestBackwardSteps:
    def test_each_is_a_note_with_its_evidence(self) -> None:
        (finding,) = find_backward_steps(register(3363, 3362, 3372))
        assert finding.code == "metering.register_backward"
        assert "steps back at 1970-01-01T01:00:00Z: from 3363 to 3362" in finding.sentence
        assert (finding.evidence["before"], finding.evidence["after"]) == (3363, 3362)

    def test_standing_still_is_no_step_back(self) -> None:
        assert find_backward_steps(register(5, 5, 6)) == []

    def test_a_gap_hides_no_step(self) -> None:
        assert len(find_backward_steps(register(10, None, 9))) == 1

    @pytest.mark.parametrize(
        ("unit", "kind"), [("V", ChannelKind.REGISTER), ("gal", ChannelKind.INTERVAL)]
    )
    def test_what_is_no_running_total_may_fall(self, unit: str, kind: ChannelKind) -> None:
        assert find_backward_steps(register(5, 4, unit=unit, kind=kind)) == []
