"""What every test shares. Fixtures of one kind of test stand beside those tests, not here.

Lives here      the profile of Hypothesis, the same time zone and language on every machine, one
                tree of commands.
Lives elsewhere browser (tests/browser/), servers and stores (tests/stores/, tests/doors/).
Read first      tests/tidy/, which holds the house rules.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from functools import cache

import pytest
import typer.testing
from hypothesis import HealthCheck, settings

os.environ["TZ"] = "Pacific/Auckland"  # far from the utility's: a day taken from here shows itself
time.tzset()

settings.register_profile(
    "house",
    deadline=None,  # two busy cores say nothing about our speed
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")


@pytest.fixture(scope="session", autouse=True)
def one_tree_of_commands() -> Iterator[None]:
    """The command line is taken apart once for all tests that ask it: it does not change, and each
    time costs a seventh of a second, more than most of what is asked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.testing, "_get_command", cache(typer.testing._get_command))
        yield
