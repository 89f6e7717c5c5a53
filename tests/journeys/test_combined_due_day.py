"""The Company's due day of a combined statement stands in the place of each account's own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from tests.journeys.combined_town import AFTER, ALL, accounts_of, combine, schools_town
from tests.journeys.town import VIEWER, Town

from meterledger.usecases import late_charges
from meterledger.usecases.combined_statements import StatementRefused, state_combination
from meterledger.usecases.late_charge_decide import consider
from meterledger.usecases.late_charge_replay import replay_late_charge
from meterledger.usecases.late_charge_revisions import REVISIONS, TODAY, DecidedBy
from meterledger.usecases.late_charges import LateRun, charge_late

COMPANYS, OWN = date(2026, 7, 15), date(2026, 6, 22)
TOLD = AFTER + timedelta(hours=1)
"""When the statement of June 2 is made; each bill of June 1 is due by itself on June 22."""


@pytest.fixture
def town() -> Town:
    """Twelve schools of one customer with the bills of three months, not paid, on one statement."""
    made = schools_town()
    with made.store.viewing(VIEWER, []):
        combine(made, *ALL)
        for month in (4, 5, 6):
            known = AFTER + timedelta(minutes=month)
            assert len(made.bill(*ALL, on=date(2026, month, 1), known_at=known).issued) == 12
        state_combination(
            combination_id="SCHOOLS",
            on=date(2026, 6, 2),
            due=COMPANYS,
            learned_at=TOLD,
            view=made.book.as_known(TOLD.date()),
            store=made.store,
        )
    return made


def charged(
    town: Town,
    on: date,
    *,
    known_after: timedelta = timedelta(hours=1),
    dry_run: bool = True,
) -> LateRun:
    with town.store.viewing(VIEWER, []):
        return charge_late(
            accounts_of(ALL),
            on=on,
            known_at=TOLD + known_after,
            store=town.store,
            book=town.book,
            dry_run=dry_run,
        )


class TestALateCharge:
    def test_is_not_made_before_the_companys_day_is_over(self, town: Town) -> None:
        """Theirs was June 22; they were asked for July 15."""
        run = charged(town, date(2026, 7, 1))
        assert (run.charged, run.refused) == (0, [])

    def test_is_made_after_it_of_that_day(self, town: Town) -> None:
        run = charged(town, date(2026, 8, 3))
        assert (run.charged, run.refused) == (12, [])
        assert {one.delinquent_day for one in run.charges} == {COMPANYS}

    def test_is_decided_by_their_own_day_as_known_before_the_statement(self, town: Town) -> None:
        """So that a charge of before is replayed by what was known then."""
        run = charged(town, date(2026, 7, 1), known_after=-timedelta(seconds=1))
        assert run.charged == 12
        assert {one.delinquent_day for one in run.charges} == {OWN}

    @pytest.mark.parametrize(
        ("by", "delinquent", "note"),
        [
            (TODAY, COMPANYS, ""),
            (REVISIONS["late-3"][0], COMPANYS, ""),
            (REVISIONS["late-3"][1], OWN, "Revision late-3, by the rule of its time: a bill of a "
             "combined statement was late after its own due day, not the statement's"),
            (REVISIONS["late-2"][0], OWN, ""),
        ],
    )  # fmt: skip
    def test_is_replayed_by_the_day_that_ruled_when_it_was_made(
        self,
        town: Town,
        monkeypatch: pytest.MonkeyPatch,
        by: DecidedBy,
        delinquent: date,
        note: str,
    ) -> None:
        with monkeypatch.context() as then:
            then.setattr(late_charges, "consider", partial(consider, by=by))
            if delinquent == OWN:
                then.setattr(town.store, "_companys_due_days", lambda *_: {})
            run = charged(town, date(2026, 8, 3), dry_run=False)
        assert {one.delinquent_day for one in run.charges} == {delinquent}

        for one in run.charges:
            with town.store.viewing(VIEWER, []):
                done = replay_late_charge(one.late_charge_id, store=town.store, book=town.book)
            assert (done.same_bytes, done.note) == (True, note)

    def test_of_a_day_that_is_none_of_its_revisions_is_not_the_same(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as then:
            then.setattr(town.store, "_companys_due_days", lambda *_: {})
            first, *_ = charged(town, date(2026, 8, 3), dry_run=False).charges

        with town.store.viewing(VIEWER, []):
            done = replay_late_charge(first.late_charge_id, store=town.store, book=town.book)
        assert (done.same_bytes, done.tried, done.note) == (False, 1, "")


@pytest.fixture
def unstated() -> Town:
    """The same schools with the bills of a month that stand on no statement."""
    made = schools_town()
    with made.store.viewing(VIEWER, []):
        combine(made, *ALL)
        assert len(made.bill(*ALL, on=date(2026, 4, 1), known_at=AFTER).issued) == 12
    return made


class TestADayThatTheCompanyChooses:
    """A bill and a statement issued from December 1, 2026 on are not due on a closed day."""

    @pytest.mark.parametrize(
        ("on", "due", "open_day"),
        [
            (date(2026, 11, 30), date(2026, 12, 26), None),  # a Saturday, and the day before
            (date(2026, 12, 1), date(2026, 12, 26), date(2026, 12, 28)),
            (date(2026, 12, 1), date(2026, 12, 27), date(2026, 12, 28)),
            (date(2026, 12, 1), date(2026, 12, 25), date(2026, 12, 28)),  # Christmas, a Friday
            (date(2026, 12, 1), date(2026, 12, 24), None),
            (date(2026, 12, 1), date(2026, 12, 28), None),
        ],
    )
    def test_is_one_on_which_one_can_pay(
        self, unstated: Town, on: date, due: date, open_day: date | None
    ) -> None:
        def state() -> date:
            known = datetime(2026, 12, 1, 12, tzinfo=UTC)
            with unstated.store.viewing(VIEWER, []):
                return state_combination(
                    combination_id="SCHOOLS", on=on, due=due, learned_at=known,
                    view=unstated.book.as_known(known.date()), store=unstated.store, dry_run=True,
                ).due_day  # fmt: skip

        if open_day is None:
            assert state() == due
            return
        with pytest.raises(StatementRefused, match=f"Nobody can pay on {due:%A}, {due}") as refused:
            state()
        assert f"Choose {open_day} or another business day" in refused.value.sentence
