"""What stores promise of the usage log: findings, estimates, reviews, edits, efforts, runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from tests.stores.paper_town import (
    ANALYST,
    FIRST_DAY,
    LATER,
    LEARNED,
    agreement_of,
    only_agreement,
    start_of,
)

from meterledger.facts.estimates import Estimate, EstimateCause, Method
from meterledger.facts.findings import Finding, Weight
from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    Quality,
    Reading,
)
from meterledger.facts.usage_log import (
    FindingState,
    LoggedEstimate,
    LoggedFinding,
    MeterOnDay,
    ReadingEffort,
    ReviewAct,
    UsageBatchRecord,
    UsageCounts,
    UsageEdit,
    UsageReview,
    UsageRun,
)
from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.span import DaySpan
from meterledger.usecases.ports import Conflict, NotViewing
from meterledger.usecases.usage_ports import LakePublication

DAY = date(2025, 3, 4)
METER = "00112233445566aa"
RUN = UsageRun("usage:2025-03-04:0", DAY, 0, 2, LATER)
AGAIN = UsageRun("usage:2025-03-04:1", DAY, 1, 2, LATER + timedelta(hours=1))


@pytest.fixture
def looked_at(store: Any) -> Iterator[Any]:
    with store.viewing(ANALYST, ["M-1"]):
        yield store


def spike(run: UsageRun = RUN, *, wh: int = 90_000, weight: Weight = Weight.HOLD) -> LoggedFinding:
    evidence: dict[str, str | int] = {"energy_wh": wh, "slot": 40}
    finding = Finding("usage.spike", weight, f"{wh} Wh in one interval.", evidence)
    return LoggedFinding(METER, "M-1", DAY, finding, run.run_id, run.learned_at, (("times", "5"),))


def estimate(start: int = 1_741_068_000) -> LoggedEstimate:
    made = Estimate(
        meter=METER,
        start=start,
        until=start + 900,
        energy_wh=250,
        method=Method.SAME_DAY,
        cause=EstimateCause.REMOTE_DEVICE_FAILED,
        provision="estimation.ami_interval.ladder",
        citation="Sheet 131.2, rev. Original, GRR V.E.3.d",
        made_at=LATER,
        inputs=(("day", "2025-02-25"),),
    )
    return LoggedEstimate(made, "M-1", DAY, RUN.run_id, 1)


def batch(run: UsageRun = RUN, number: int = 0, **what: Any) -> UsageBatchRecord:
    return UsageBatchRecord(run, number, UsageCounts(held=1, findings=1), run.learned_at, **what)


def published(based_on: int = 0, name: str = "lake1") -> LakePublication:
    return LakePublication(
        f"{based_on:064x}", f"estimates {name}", "estimates", 1, (name,), based_on
    )


def review(one: LoggedFinding, act: ReviewAct = ReviewAct.ACCEPT, **changed: Any) -> UsageReview:
    decided = UsageReview(
        METER, "M-1", DAY, act, "Dana Cole", "The customer welds", LATER, (one.finding_id,), 0
    )
    return replace(decided, **changed)


def keep_registers(store: Any, meter_id: str, told: dict[int, int], *, unit: str) -> None:
    channel = Channel(
        meter_id, Commodity.ELECTRICITY, unit, ChannelKind.REGISTER, Flow.DELIVERED, None, 0
    )
    readings = tuple(
        Reading(start, 0, value, Quality.VALID, line)
        for line, (start, value) in enumerate(told.items())
    )
    number = store.lake_sequence() + 1
    store.record_file(
        sha256=f"{number:064x}",
        name=f"registers {number}",
        format="test",
        channels=[ChannelReadings(channel, readings)],
        quarantined=(),
        lake_files=(),
        learned_at=LATER,
    )


class TestMetersOfADay:
    def test_each_place_is_there_with_its_meter_or_without(self, looked_at: Any) -> None:
        looked_at.start_services([start_of(1), start_of(2)])
        bare = replace(start_of(3), installation=None)
        looked_at.start_service(bare)

        found = looked_at.meters_on_day(DAY, LATER)

        assert found == [
            MeterOnDay("SP-1", "M-1", 1, FIRST_DAY, True, 0, FIRST_DAY),
            MeterOnDay("SP-2", "M-2", 1, FIRST_DAY, True, 0, FIRST_DAY),
            MeterOnDay("SP-3", None, 1, None, True, 0, FIRST_DAY),
        ]

    def test_some_meters_may_be_named(self, looked_at: Any) -> None:
        looked_at.start_services([start_of(1), start_of(2)])
        looked_at.start_service(replace(start_of(3), installation=None))
        found = looked_at.meters_on_day(DAY, LATER, ["M-2", "M-9"])
        assert [(one.meter_id, one.served_since) for one in found] == [("M-2", FIRST_DAY)]
        assert looked_at.meters_on_day(DAY, LATER, []) == []

    def test_a_place_without_a_customer_is_there_and_says_so(self, looked_at: Any) -> None:
        looked_at.start_service(start_of(1))
        looked_at.stop_service(agreement_of(1).agreement_id, date(2025, 2, 1), LEARNED)

        (found,) = looked_at.meters_on_day(DAY, LATER)

        assert found.meter_id == "M-1"
        assert not found.in_service
        looked_at.start_service(only_agreement(agreement_of(1, date(2025, 3, 4))))
        (again,) = looked_at.meters_on_day(DAY, LATER)
        assert again.in_service
        assert again.served_since == FIRST_DAY  # the same account as before

    def test_a_new_customer_is_served_since_the_first_day_of_the_stay(self, looked_at: Any) -> None:
        looked_at.start_services([start_of(1), start_of(2)])
        looked_at.stop_service(agreement_of(1).agreement_id, date(2025, 2, 1), LEARNED)
        moved = replace(agreement_of(2, date(2025, 2, 10)), service_point_id="SP-1")
        looked_at.start_service(only_agreement(moved))

        first, _ = looked_at.meters_on_day(DAY, LATER)

        assert first.served_since == date(2025, 2, 10)

    def test_what_was_not_known_yet_is_not_there(self, looked_at: Any) -> None:
        looked_at.start_service(start_of(1))
        assert looked_at.meters_on_day(DAY, LEARNED - timedelta(seconds=1)) == []


class TestRegisters:
    def test_two_readings_give_a_difference_in_watt_hours(self, looked_at: Any) -> None:
        keep_registers(looked_at, "M-1", {0: 1_000, 86_400: 1_042}, unit="kWh")
        keep_registers(looked_at, "M-2", {0: 5}, unit="kWh")  # one end alone
        keep_registers(looked_at, "M-3", {0: 900, 86_400: 100}, unit="kWh")  # backwards
        keep_registers(looked_at, "M-4", {0: 1, 86_400: 2}, unit="V")  # no energy

        found = looked_at.register_differences(["M-1", "M-2", "M-3", "M-4"], begin=0, until=86_400)

        assert found == {"M-1": 42_000}
        assert looked_at.register_differences(["M-1"], begin=0, until=172_800) == {}

    def test_a_reading_sent_again_is_the_one_that_counts(self, looked_at: Any) -> None:
        keep_registers(looked_at, "M-1", {0: 1_000, 86_400: 1_042}, unit="Wh")
        keep_registers(looked_at, "M-1", {86_400: 1_050}, unit="Wh")

        assert looked_at.register_differences(["M-1"], begin=0, until=86_400) == {"M-1": 50}


class TestRuns:
    def test_a_run_is_found_with_the_batches_it_has_finished(self, looked_at: Any) -> None:
        assert looked_at.newest_usage_run(DAY) is None
        looked_at.start_usage_run(RUN)
        looked_at.start_usage_run(RUN)
        looked_at.record_usage_batch(batch(number=1), None)

        run, done = looked_at.newest_usage_run(DAY)

        assert run == RUN
        assert [one.number for one in done] == [1]
        assert done[0].counts == UsageCounts(held=1, findings=1)
        assert looked_at.newest_usage_run(DAY + timedelta(days=1)) is None

    def test_the_newest_run_is_the_one_that_began_last(self, looked_at: Any) -> None:
        looked_at.start_usage_run(AGAIN)
        looked_at.start_usage_run(RUN)
        assert looked_at.newest_usage_run(DAY)[0] == AGAIN

    def test_a_batch_is_written_down_once(self, looked_at: Any) -> None:
        looked_at.start_usage_run(RUN)
        first = looked_at.record_usage_batch(batch(findings=(spike(),)), published())
        again = looked_at.record_usage_batch(batch(findings=(spike(wh=1),)), published(1, "lake2"))

        assert (first, again) == (1, 1)
        assert looked_at.lake_sequence() == 1
        assert len(looked_at.findings_of_day(DAY, [METER])) == 1


class TestBatches:
    def test_estimates_and_their_lake_version_come_together(self, looked_at: Any) -> None:
        looked_at.start_usage_run(RUN)
        sequence = looked_at.record_usage_batch(batch(estimates=(estimate(),)), published())

        assert sequence == looked_at.lake_sequence() == 1
        assert looked_at.lake_files(1) == ["lake1"]
        assert looked_at.estimates_of_meter("M-1") == [replace(estimate(), sequence=1)]
        assert looked_at.estimated_days(DaySpan(DAY, DAY + timedelta(days=1))) == [
            replace(estimate(), sequence=1)
        ]
        assert looked_at.estimated_days(DaySpan(DAY + timedelta(days=1), date(2025, 4, 1))) == []

    def test_nothing_is_kept_of_a_batch_that_saw_an_older_lake(self, looked_at: Any) -> None:
        looked_at.start_usage_run(RUN)
        looked_at.record_usage_batch(batch(number=1), published())

        with pytest.raises(Conflict, match="was at sequence 0 when this file was read"):
            looked_at.record_usage_batch(
                batch(findings=(spike(),), estimates=(estimate(),)), published(0, "lake2")
            )

        assert looked_at.findings_of_day(DAY, [METER]) == []
        assert looked_at.estimates_of_meter("M-1") == []
        assert [one.number for one in looked_at.newest_usage_run(DAY)[1]] == [1]

    def test_findings_come_back_as_they_were_made(self, looked_at: Any) -> None:
        looked_at.start_usage_run(RUN)
        looked_at.record_usage_batch(batch(findings=(spike(),)), None)

        (found,) = looked_at.findings_of_day(DAY, [METER, "another"])

        assert found.logged == spike()
        assert found.logged.digest == spike(AGAIN).digest
        assert found.state is FindingState.OPEN
        assert looked_at.findings_of_day(DAY, ["another"]) == []
        assert looked_at.findings_of_meter("M-1") == [found]
        assert looked_at.findings_of_meter("M-2") == []


class TestHolds:
    def test_a_finding_that_holds_is_in_the_queue_and_a_note_is_not(self, looked_at: Any) -> None:
        looked_at.start_usage_run(RUN)
        note = spike(wh=7, weight=Weight.NOTE)
        looked_at.record_usage_batch(batch(findings=(spike(), note)), None)

        assert [one.logged for one in looked_at.review_queue()] == [spike()]
        counts = {"M-1": {"usage.spike": 2}}
        assert looked_at.finding_counts(DaySpan(DAY, date(2025, 4, 1))) == counts
        assert looked_at.finding_counts(DaySpan(date(2025, 1, 1), DAY)) == {}
        assert [one.state for one in looked_at.findings_of_meter("M-1")].count(
            FindingState.NOTED
        ) == 1

    @pytest.mark.parametrize(
        ("days", "held"),
        [
            (DaySpan(DAY, DAY + timedelta(days=1)), True),
            (DaySpan(DAY - timedelta(days=30), DAY), False),  # the day is out
            (DaySpan(DAY + timedelta(days=1), date(2025, 4, 1)), False),
        ],
    )
    def test_it_holds_windows_that_contain_its_day(
        self, looked_at: Any, days: DaySpan, held: bool
    ) -> None:
        looked_at.start_usage_run(RUN)
        looked_at.record_usage_batch(batch(findings=(spike(),)), None)

        assert bool(looked_at.open_holds([METER], days)) == held
        assert bool(looked_at.review_queue(days)) == held
        assert looked_at.open_holds(["another"], days) == []

    def test_a_finding_that_is_no_longer_made_is_cleared(self, looked_at: Any) -> None:
        looked_at.start_usage_run(RUN)
        looked_at.record_usage_batch(batch(findings=(spike(),)), None)
        looked_at.start_usage_run(AGAIN)
        looked_at.record_usage_batch(batch(AGAIN, cleared=(spike().finding_id,)), None)

        assert looked_at.review_queue() == []
        assert looked_at.finding_counts(DaySpan(DAY, date(2025, 4, 1))) == {}
        (found,) = looked_at.findings_of_meter("M-1")
        assert found.state is FindingState.CLEARED
        assert found.cleared_at == AGAIN.learned_at


class TestReviews:
    @pytest.mark.parametrize(
        ("act", "state", "holds"),
        [
            (ReviewAct.ACCEPT, FindingState.ACCEPTED, False),
            (ReviewAct.EDIT, FindingState.EDITED, False),
            (ReviewAct.ESTIMATE, FindingState.ESTIMATED, False),
            (ReviewAct.REJECT, FindingState.REJECTED, True),  # held until it is read
        ],
    )
    def test_a_decision_settles_the_findings_it_names(
        self, looked_at: Any, act: ReviewAct, state: FindingState, holds: bool
    ) -> None:
        looked_at.start_usage_run(RUN)
        looked_at.record_usage_batch(batch(findings=(spike(),)), None)
        looked_at.record_review(review(spike(), act), None, None)

        (found,) = looked_at.findings_of_meter("M-1")
        assert (found.state, found.holds) == (state, holds)
        assert found.review == review(spike(), act)
        assert looked_at.reviews_of_meter("M-1") == [review(spike(), act)]
        assert bool(looked_at.review_queue()) == holds

    def test_what_is_settled_is_not_decided_again(self, looked_at: Any) -> None:
        looked_at.start_usage_run(RUN)
        looked_at.record_usage_batch(batch(findings=(spike(),)), None)
        looked_at.record_review(review(spike()), None, None)

        with pytest.raises(Conflict, match="is settled already, or was never made"):
            looked_at.record_review(review(spike(), ReviewAct.REJECT), None, None)
        with pytest.raises(Conflict, match="meterledger review show"):
            looked_at.record_review(review(spike(), day=date(2025, 3, 5)), None, None)
        assert len(looked_at.reviews_of_meter("M-1")) == 1

    def test_an_edit_names_the_version_before_and_makes_the_next(self, looked_at: Any) -> None:
        looked_at.start_usage_run(RUN)
        looked_at.record_usage_batch(batch(findings=(spike(),)), published())
        edit = UsageEdit(
            METER, "M-1", DAY, 0, 900, 90_000, 250, 1, 1, "Dana Cole", "Meter reset", LATER
        )

        sequence = looked_at.record_review(
            review(spike(), ReviewAct.EDIT), edit, published(1, "lake2"), [estimate()]
        )

        assert looked_at.estimates_of_meter("M-1") == [replace(estimate(), sequence=2)]
        assert sequence == looked_at.lake_sequence() == 2
        assert looked_at.edits_of_meter("M-1") == [edit]
        assert looked_at.edits_of_meter("M-2") == []
        assert looked_at.reviews_of_meter("M-1")[0].sequence == 2

    def test_an_edit_of_what_has_changed_meanwhile_is_refused_whole(self, looked_at: Any) -> None:
        looked_at.start_usage_run(RUN)
        looked_at.record_usage_batch(batch(findings=(spike(),)), published())

        with pytest.raises(Conflict, match="was at sequence 0"):
            looked_at.record_review(review(spike(), ReviewAct.EDIT), None, published(0, "lake2"))
        assert looked_at.reviews_of_meter("M-1") == []
        assert looked_at.lake_sequence() == 1

    @pytest.mark.parametrize("changed", [{"author": " "}, {"reason": ""}])
    def test_nobody_decides_without_a_name_and_a_reason(self, changed: dict[str, str]) -> None:
        with pytest.raises(InvariantBroken, match="a review has a"):
            review(spike(), **changed)


class TestEfforts:
    def test_efforts_are_kept_in_the_order_of_telling(self, looked_at: Any) -> None:
        poll = ReadingEffort(METER, "M-1", DAY, "poll", "no answer", "head-end", LATER)
        visit = replace(poll, kind="field_visit", outcome="nobody home", by="crew 4")
        looked_at.record_effort(poll)
        looked_at.record_effort(visit)

        assert looked_at.efforts_of_meter("M-1") == [poll, visit]
        assert looked_at.efforts_of_meter("M-2") == []


class TestTheDoor:
    @pytest.mark.parametrize(
        "ask",
        [
            lambda store: store.meters_on_day(DAY, LATER),
            lambda store: store.findings_of_day(DAY, [METER]),
            lambda store: store.open_holds([METER], DaySpan(DAY, date(2025, 4, 1))),
            lambda store: store.review_queue(),
            lambda store: store.findings_of_meter("M-1"),
            lambda store: store.estimates_of_meter("M-1"),
            lambda store: store.estimated_days(DaySpan(DAY, date(2025, 4, 1))),
            lambda store: store.reviews_of_meter("M-1"),
            lambda store: store.edits_of_meter("M-1"),
            lambda store: store.efforts_of_meter("M-1"),
        ],
    )
    def test_usage_is_read_by_a_viewer_with_a_purpose(self, store: Any, ask: Any) -> None:
        with pytest.raises(NotViewing, match="only by a named viewer for a stated purpose"):
            ask(store)


@pytest.mark.postgres
class TestTheTables:
    @pytest.mark.parametrize(
        "table",
        ["usage_finding", "usage_review", "usage_edit", "usage_estimate", "reading_effort"],
    )
    def test_rows_are_seen_only_by_viewers(
        self, postgres: Any, application: psycopg.Connection[Any], table: str
    ) -> None:
        with postgres.viewing(ANALYST, ["M-1"]):
            postgres.start_usage_run(RUN)
            postgres.record_usage_batch(
                batch(findings=(spike(),), estimates=(estimate(),)), published()
            )
            postgres.record_review(
                review(spike(), ReviewAct.EDIT),
                UsageEdit(METER, "M-1", DAY, 0, 900, 9, 2, 1, 1, "Dana", "Reset", LATER),
                published(1, "lake2"),
            )
            postgres.record_effort(
                ReadingEffort(METER, "M-1", DAY, "poll", "no answer", "head-end", LATER)
            )
        assert application.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute(f"DELETE FROM {table}")

    def test_an_edit_that_makes_no_new_version_is_refused(self, postgres: Any) -> None:
        edit = UsageEdit(METER, "M-1", DAY, 0, 900, 9, 2, 1, 0, "Dana", "Reset", LATER)
        with postgres.viewing(ANALYST, ["M-1"]):
            postgres.start_usage_run(RUN)
            postgres.record_usage_batch(batch(findings=(spike(),)), None)
            with pytest.raises(psycopg.errors.CheckViolation, match="makes_a_new_version"):
                postgres.record_review(review(spike(), ReviewAct.EDIT), edit, None)
            assert postgres.reviews_of_meter("M-1") == []


def test_counts_add_up_to_meter_days() -> None:
    one = UsageCounts(complete=5, estimated=2, held=1, no_meter=1, estimated_wh=700)
    both = one + UsageCounts(complete=1, held=3, estimated_intervals=4)
    assert both.meter_days == 13
    assert both.as_json()["estimated_wh"] == "700"
    assert both.as_json()["meter_days"] == 13
