"""A proposal in a copy of the book: where its lines go, what ends, and the page on it."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from meterledger.rulebook.errors import TariffFileBroken
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.usecases.compare_book import marked_words
from meterledger.usecases.proposals import read_proposal, write_proposal
from meterledger.usecases.stories import run_story
from meterledger.usecases.try_change import changed_stories

PAGE = Path(__file__).parents[2] / "docs" / "operating" / "adding_a_revision.md"


def proposal_of_the_page() -> bytes:
    found = re.search(r"```yaml\n(title:.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found.group(1).encode()


class TestThePageAboutAddingARevision:
    def test_its_proposal_is_taken_and_its_stories_hold(
        self, first_book: Any, tmp_path: Path
    ) -> None:
        proposal = read_proposal(proposal_of_the_page(), "late_charge_2027.yaml")
        folder = Path(shutil.copytree(default_book_folder(), tmp_path / "book"))

        write_proposal(proposal, folder, first_book.as_known(date(2026, 11, 25)))
        changed = load_book(folder)

        assert [run_story(story, changed) for story in proposal.stories] == [[], []]
        late, of_2026 = proposal.stories[1], proposal.stories[0]
        (change,) = changed_stories([of_2026, late], book=first_book, changed=changed)
        assert (change.story, change.kind) == (late.sentence, "holds")
        assert "outcome.late_charge_usd: 3.00 -> 2.00" in change.differences


class TestAProposal:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("changes: []\n", "A list with at least one entry is expected"),
            ("changes:\n  - {value: a}\n", "line 2: A change has the keys value"),
            ("changes:\n  - {page: 3}\n", "line 2: A whole number stands as 'page'"),
        ],
    )
    def test_in_another_form_is_refused(self, text: str, said: str) -> None:
        with pytest.raises(TariffFileBroken, match=re.escape(said)):
            read_proposal(text.encode(), "p.yaml")

    def test_cannot_leave_the_book(self, first_book: Any, tmp_path: Path) -> None:
        proposal = read_proposal(b"changes:\n  - {file: ../a.yaml, content: {kind: text}}\n", "p")

        with pytest.raises(TariffFileBroken, match="no place for a value"):
            write_proposal(proposal, tmp_path, first_book.as_known(date(2026, 11, 25)))


class TestMarkedWords:
    def test_show_what_was_taken_out_and_put_in(self) -> None:
        assert marked_words("one and a half percent", "one percent now") == (
            "one [-and a half-] percent {+now+}"
        )
