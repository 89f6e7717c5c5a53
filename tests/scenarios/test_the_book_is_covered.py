"""The book's own promises: no paragraph in no state, no value unused, no rule without a story.

Lives here      the whole measurement over the first book, and that it notices what is missing.
Lives elsewhere the measuring (usecases/cover_book.py), the claims (tariffs/*/coverage.yaml).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from meterledger.entrypoints.conflict_words import stale_references
from meterledger.entrypoints.tariff_words import used_without_rules
from meterledger.rulebook.coverage import Coverage, State, coverage_problems, read_coverage
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.usecases.cover_book import BookCoverage, cover_book, written_coverage
from meterledger.usecases.rule_registry import RULES

FOLDER = default_book_folder()
BOOK = load_book(FOLDER)
VIEW = BOOK.as_known(date.max)
STATED = read_coverage(FOLDER)
WHOLE_CHAPTERS = (
    "grr_v_late_payment",
    "grr_vi_deposits",
    "grr_v_budget_billing",
    "grr_v_estimation",
    "grr_v_billing",
    "grr_v_adjustments",
    "restrictions_and_variances",
)
"""Chapters none of whose paragraphs is in another state, without exception: what a carried one
still lacks (M-01, M-02) stands in its ``why``."""


def covered_by(stated: Coverage) -> BookCoverage:
    return cover_book(
        book=BOOK,
        view=VIEW,
        coverage=stated,
        folder=FOLDER,
        used_elsewhere=used_without_rules(VIEW),
    )


@pytest.fixture(scope="module")
def covered() -> BookCoverage:
    return covered_by(STATED)


class TestTheFirstBook:
    def test_claims_nothing_that_its_stories_do_not_show(self, covered: BookCoverage) -> None:
        assert not covered.problems, "\n".join(covered.problems)
        assert not coverage_problems(STATED, VIEW)

    def test_refers_to_nothing_that_it_does_not_have(self) -> None:
        assert not stale_references(VIEW)

    def test_knows_what_is_done_about_every_provision(self, covered: BookCoverage) -> None:
        provisions = covered.as_json()["provisions"]

        assert set(provisions) == {one.id for one in VIEW.provisions()}
        assert len(provisions) >= 472
        assert all(
            one["why"]
            for one in provisions.values()
            if one["state"] in ("information", "text_missing")
        )

    @pytest.mark.parametrize("chapter", WHOLE_CHAPTERS)
    def test_carries_whole_chapters_in_every_revision(
        self, chapter: str, covered: BookCoverage
    ) -> None:
        ours = {one.id for one in VIEW.provisions() if one.chapter == chapter}
        states = {one.claim.state for one in covered.paragraphs if one.claim.provision in ours}

        assert states == {State.CARRIED}

    def test_is_written_as_it_is_measured(self, covered: BookCoverage) -> None:
        text = (FOLDER / "coverage.yaml").read_text(encoding="utf-8")

        assert written_coverage(text, covered) == text


class TestWhatIsNotSo:
    """A claim that is not so is a sentence with the line of the claim and what to do."""

    def test_a_paragraph_in_no_state(self) -> None:
        without = replace(STATED, paragraphs=STATED.paragraphs[1:])
        first = STATED.paragraphs[0]

        problems = covered_by(without).problems

        (sentence,) = [one for one in problems if "in no state" in one]
        assert f"'{first.provision}' on the page {first.block} is in no state" in sentence
        assert "Add it to coverage.yaml" in sentence

    def test_a_paragraph_said_to_be_carried_that_no_rule_carries(self) -> None:
        planned = next(one for one in STATED.paragraphs if one.state is State.PLANNED)
        boast = replace(planned, state=State.CARRIED)
        others = tuple(boast if one is planned else one for one in STATED.paragraphs)

        problems = covered_by(replace(STATED, paragraphs=others)).problems

        assert any(
            f"'{planned.provision}' on the page {planned.block} is said to be carried, and no rule "
            "does" in one
            for one in problems
        )

    def test_a_carried_paragraph_let_go_as_information(self) -> None:
        rules_of = {
            "billing.paperless.credit_term": "billing.paperless_amount, billing.paperless_term",
            "adjustments.nonresidential.meter_error_bounds": "adjustments.meter_error_bounds",
        }
        held = [one for one in STATED.paragraphs if one.provision in rules_of]
        let_go = tuple(
            replace(one, state=State.INFORMATION, why="it says") if one in held else one
            for one in STATED.paragraphs
        )

        problems = covered_by(replace(STATED, paragraphs=let_go)).problems

        said = [one for one in problems if "is said to be information" in one]
        assert len(said) == len(held) == 4
        for one, sentence in zip(held, said, strict=True):
            assert sentence.endswith(
                f"'{one.provision}' on the page {one.block} is said to be information, and "
                f"{rules_of[one.provision]} names it among its provisions. State 'carried', or "
                "take it out of the rule."
            )

    def test_a_rule_without_a_story(self, monkeypatch: pytest.MonkeyPatch) -> None:
        lonely = replace(RULES["late.charge"], id="late.lonely")
        monkeypatch.setitem(RULES, "late.lonely", lonely)

        problems = covered_by(STATED).problems

        assert any("The rule 'late.lonely' (arrears) has no story" in one for one in problems)
