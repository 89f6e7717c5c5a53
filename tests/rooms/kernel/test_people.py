"""Two people are two: neither a space nor a capital makes another person of one."""

from __future__ import annotations

import pytest

from meterledger.kernel.people import same_person


@pytest.mark.parametrize("other", ["Ana Rivera", "ana rivera ", "Ana  Rivera", "ANA\u00a0RIVERA"])
def test_one_person_is_one_however_it_is_typed(other: str) -> None:
    assert same_person("Ana Rivera", other)


@pytest.mark.parametrize("other", ["", "Ana", "Ana Riviera", "AnaRivera"])
def test_another_name_is_another_person(other: str) -> None:
    assert not same_person("Ana Rivera", other)
