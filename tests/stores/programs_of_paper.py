"""A participation on paper: accounts of the paper town subscribe to three Solar Blocks."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.stores.paper_town import LEARNED, account_id, agreement_of

from meterledger.facts.participation import Participation
from meterledger.kernel.span import Validity

BEGINS = date(2025, 1, 15)


def participation_of(number: int) -> Participation:
    return Participation(
        agreement_of(number).agreement_id,
        account_id(number),
        "community_solar",
        Validity(BEGINS),
        LEARNED,
        blocks=3,
    )


def keep_programs(store: Any) -> None:
    """A row in the table of participations."""
    store.join_program(participation_of(1))
