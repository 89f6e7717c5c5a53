"""Two people are two: neither a space nor a capital makes another person of one."""

from __future__ import annotations

import pytest

from meterledger.kernel.people import same_person


@pytest.mark.parametrize("other", ["Ana Rivera", "ana rivera ", "Ana  Rivera", "ANA\u00a0RIVERA"])
def test_one_person_is_one_however_it_is_typed(other: str) -> None:
    assert same_person("Ana Rivera", other)


PAIRS = [
    ("Zo\u00eb Ruiz", "Zoe\u0308 Ruiz"),  # the accent in its letter, and typed after it
    ("Zo\u00eb Ruiz", "ZOE\u0308 RUIZ"),
    ("Ana Rivera", "Ana\u200b Rivera"),
    ("Ana Rivera", "An\ufe0fa\u034f Rivera\u2069"),
    ("Ana Rivera", "\uff21\uff4e\uff41 Rivera"),  # letters as wide as a Chinese character
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_names_that_look_alike_are_one(one: str, other: str) -> None:
    assert same_person(one, other)
    assert not same_person("Zoe Ruiz", one)


@pytest.mark.parametrize("other", ["", "Ana", "Ana Riviera", "AnaRivera"])
def test_another_name_is_another_person(other: str) -> None:
    assert not same_person("Ana Rivera", other)
