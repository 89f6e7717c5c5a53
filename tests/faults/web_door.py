"""What a door of the web is to those who crowd it: a town of eight cases, and the request of each.

Lives here      the nouns; forms of our own pages; a lake of real files for towns with readings.
Lives elsewhere the doors (``web_doors``, ``web_doors_of_bills``, ``web_doors_of_deposits``), who
                sends them and kills the server (``test_web_survives_anything``), that none is left
                out (``test_every_web_door_is_listed``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

from django.urls import resolve
from tests.journeys.town import CHICAGO, FIRST, PaperLake, Town, Values, lively
from tests.stores.extension_town import the_book

from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    Quality,
    Reading,
)
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.local_days import day_start_utc, intervals_in_day
from meterledger.kernel.span import DaySpan
from meterledger.stores.gateways.processor_fake import BadProcessor
from meterledger.stores.lake import IntervalLake

CASES = range(1, 9)
A_BILL = 165_19
WORDS = {"author": "Ben", "reason": "it is right"}


@dataclass(frozen=True)
class Request:
    """What is posted to an address."""

    address: str
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True)
class Door:
    """``town`` makes the cases, and ``ask`` is the request of one, of 1 to 8."""

    town: Callable[..., None]
    ask: Callable[[int], Request]
    reads_lake: bool = False
    """Whether the town writes readings, and so is given a folder beside the store."""
    processor: Callable[[], BadProcessor] = BadProcessor
    """The processor of cards as it is after the town was made."""
    told_again: frozenset[str] = frozenset()
    """Tables that may end otherwise: how often somebody outside was asked, and what a run found."""

    def fill(self, store: Any, folder: Path | None) -> None:
        """Make the town; without a folder its lake is of paper, and of whoever asks."""
        if self.reads_lake:
            self.town(store, folder)
        else:
            self.town(store)

    @property
    def place(self) -> tuple[str, str]:
        """The route's name, and what its form is told to do; "" where it does one thing."""
        request = self.ask(1)
        told = parse_qs(request.body.decode()) if is_form(request) else {}
        return str(resolve(request.address).url_name), told.get("act", [""])[0]


def is_form(request: Request) -> bool:
    return request.headers["Content-Type"] == "application/x-www-form-urlencoded"


def form(address: str, **typed: str) -> Request:
    """A form of our own page."""
    return Request(
        address,
        urlencode(typed).encode(),
        {
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
        },
    )


# ------------------------------------------------------------------------- towns with readings


class LakeTown(Town):
    """A town whose readings lie in files, as those of the served system do."""

    def read(
        self,
        meter_id: str,
        span: tuple[date, date],
        values: Values = lively,
        *,
        learned_at: datetime = FIRST,
        seconds: int = 900,
    ) -> int:
        """Readings arrive, of which later ones speak; returns the sequence of their publication."""
        self.files += 1
        sha256 = f"{self.files:064x}"
        told: list[Reading] = []
        for day in DaySpan(*span).days():
            start = int(day_start_utc(day, CHICAGO).timestamp())
            for slot, wh in enumerate(values(day, intervals_in_day(day, CHICAGO, seconds))):
                at = start + slot * seconds
                told.append(Reading(at, seconds, wh, Quality.VALID, len(told) + 1))
        channel = Channel(
            *(meter_id, Commodity.ELECTRICITY, "Wh", ChannelKind.INTERVAL, Flow.DELIVERED),
            *(seconds, 0),
        )
        names = self.lake.write(
            [(pseudonym(meter_id, self.view.name), ChannelReadings(channel, tuple(told)))],
            source_sha256=sha256,
            learned_at=learned_at,
            at_sequence=self.store.lake_sequence(),
        )
        received = self.store.record_file(
            sha256=sha256,
            name=f"file{self.files}",
            format="test",
            channels=(),
            quarantined=(),
            lake_files=tuple(names),
            learned_at=learned_at,
        )
        return int(received.lake_sequence)


def town_of(store: Any, place: Path | PaperLake) -> Town:
    """A town over a store, with a lake in a folder or on paper."""
    if isinstance(place, PaperLake):
        return Town(store, place, the_book())
    lake = IntervalLake(
        place / "lake",
        zone=CHICAGO,
        files_at=store.lake_files,
        superseded_at=store.superseded_lake_files,
        erased=store.erased_lake_files,
        newest=store.lake_sequence,
    )
    return LakeTown(store, lake, the_book())
