"""A late charge is replayed by the revision its record names, also where that name had two rules.

100.00 USD of the first bill are paid in time; 50.00 of the second and of the third are not. The
charge on the second is forgiven after the one on the third was made on it, too.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from tests.journeys.late_town import CORRECTED, DUE, ISSUED, NOW, PaperAccount
from tests.stores.paper_town import ANALYST

from meterledger.facts.late_charges import LateCharge
from meterledger.usecases import late_charges
from meterledger.usecases.late_charge_decide import consider
from meterledger.usecases.late_charge_replay import LateReplay, replay_late_charge, revision_of
from meterledger.usecases.late_charge_revisions import (
    REVISIONS,
    TODAY,
    DecidedBy,
    RevisionUnknown,
)
from meterledger.usecases.late_charges import correct_late_charges, reverse_late_charge

AN_HOUR = timedelta(hours=1)
NARROW, BROAD = REVISIONS["late-1"]


@pytest.fixture
def paper(first_book: Any) -> PaperAccount:
    return PaperAccount(first_book)


def lowered_by(
    by: DecidedBy, right: int, paper: PaperAccount, monkeypatch: pytest.MonkeyPatch
) -> list[LateCharge]:
    """What a release of that revision charged in the place of others, after a correction."""
    monkeypatch.setattr(late_charges, "consider", partial(consider, by=by))
    paper.bill(0)
    paper.pay("R-0", 10_000, DUE[0])
    paper.bill(1, 5_000)
    (forgiven,) = paper.run(ISSUED[2]).charges
    paper.bill(2, 5_000)
    paper.run(ISSUED[3], NOW + AN_HOUR / 2)
    on = ISSUED[3] + timedelta(days=3)
    with paper.store.viewing(ANALYST, ["all"]):
        reverse_late_charge(
            forgiven.late_charge_id,
            by="Ana",
            approved_by="Ben",
            reason="a first time",
            on=ISSUED[3],
            learned_at=NOW + AN_HOUR,
            store=paper.store,
        )
        paper.correct(0, right, on)
        return correct_late_charges(
            on=on, known_at=CORRECTED + AN_HOUR, store=paper.store, book=paper.book
        ).charges


def replayed(paper: PaperAccount, charge: LateCharge, **how: Any) -> LateReplay:
    with paper.store.viewing(ANALYST, ["all"]):
        return replay_late_charge(charge.late_charge_id, store=paper.store, book=paper.book, **how)


@pytest.mark.parametrize(
    ("by", "right", "base"),
    [
        (TODAY, 14_000, None),
        (TODAY, 9_000, 9_075),
        (NARROW, 14_000, None),
        (NARROW, 9_000, 9_000),
        (BROAD, 14_000, 10_000),  # nothing was freed, and it was lowered
        (BROAD, 9_000, 9_000),
    ],
)
def test_what_a_revision_charged_is_replayed_to_its_bytes(
    paper: PaperAccount,
    monkeypatch: pytest.MonkeyPatch,
    by: DecidedBy,
    right: int,
    base: int | None,
) -> None:
    made = lowered_by(by, right, paper, monkeypatch)

    assert [one.base_cents for one in made] == ([] if base is None else [base])
    for one in paper.store._late_charges.values():
        done = replayed(paper, one)
        assert (done.same_bytes, revision_of(one)) == (True, by.revision), one.late_charge_id


def test_which_of_two_rules_it_was_is_said(
    paper: PaperAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made,) = lowered_by(BROAD, 14_000, paper, monkeypatch)

    done = replayed(paper, made)
    assert done.by == BROAD
    assert done.note == (
        "Revision late-1, by the rule of its time: a bill that was corrected beside the charge "
        "lowered it whatever the correction freed"
    )
    other = replayed(paper, made, as_known=NOW)  # before the correction: nothing takes its place
    assert (other.same_bytes, other.again) == (False, None)
    assert "it comes to other bytes under each" in other.note


def test_what_is_charged_first_needs_no_word_about_its_revision(
    paper: PaperAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    lowered_by(BROAD, 14_000, paper, monkeypatch)

    notes = {
        replayed(paper, one).note
        for one in paper.store._late_charges.values()
        if one.replaces is None
    }
    assert notes == {""}


def test_a_revision_of_a_later_release_is_refused(
    paper: PaperAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = DecidedBy("late-9", only_freed=True, forgiven_stands=True)
    (made,) = lowered_by(later, 9_000, paper, monkeypatch)

    with pytest.raises(RevisionUnknown) as no:
        replayed(paper, made)
    assert no.value.sentence.startswith(
        f"{made.late_charge_id}: It was decided by revision 'late-9' of the calculation, and this "
        "release knows late-1, late-2, late-3, late-4"
    )
