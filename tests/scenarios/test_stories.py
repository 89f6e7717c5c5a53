"""Every story beside the sheets of the first book, each a test of its own.

Lives here      running them; a failure shows story, facts, expected, got and clause.
Lives elsewhere the stories (tariffs/*/*/scenarios/), how they are run (usecases/stories.py).
"""

from __future__ import annotations

import pytest

from meterledger.entrypoints.wiring import open_book
from meterledger.rulebook.loading import default_book_folder
from meterledger.usecases.stories import run_story
from meterledger.usecases.story_files import Story, find_stories

BOOK = open_book(default_book_folder())
STORIES = find_stories(default_book_folder())


@pytest.mark.parametrize(
    "story", [pytest.param(one, id=f"{one.file}: {one.sentence}") for one in STORIES]
)
def test_the_book_answers_as_the_story_says(story: Story) -> None:
    failures = run_story(story, BOOK)

    assert not failures, "\n" + "\n".join(map(str, failures))


def test_every_folder_with_scenarios_was_read() -> None:
    folders = {story.file.partition("/")[0] for story in STORIES}

    assert folders == {path.parent.name for path in default_book_folder().glob("*/scenarios")}
    assert {"sheet_054", "riders"} <= folders
