"""Which rate options are open to a meter, by how it is read: dated values of the book.

Lives here      finding the value of a meter's kind, and the refusal that names it.
Lives elsewhere which options a class has (``change_rate.options_open_to``), what a bill needs of a
                meter (``rating``), the kinds (``facts.meters``).
Read first      docs/operating/rate_options.md.

Where nobody has named the meter or its kind, and where the book says nothing of the kind on that
day, no option is closed: an option that cannot price the meter's usage holds its bill all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.meters import MeterKind
from meterledger.facts.places import BillableService
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.rulebook.series import DatedValue, NoRuleInForce


class MetersNamed(Protocol):
    """What is asked of the store."""

    def meter_kinds(self, meter_ids: Sequence[str], known_at: datetime) -> dict[str, MeterKind]:
        """How meters are read, of those that were named by then."""


class OptionNotOpen(Refusal):
    """The rate option is not open to the meter that is there."""


def meters_on(service: BillableService, on: date) -> list[str]:
    """The meters of a service on a day."""
    return [one.meter_id for one in service.installations if on in one.days]


def refuse_not_open(
    schedule: str,
    meter_ids: Iterable[str],
    *,
    on: date,
    known_at: datetime,
    view: BookView,
    store: MetersNamed,
) -> None:
    """Refuse a rate option that is not open to one of the meters on the day.

    :raises OptionNotOpen: naming the meter, how it is read, and the options that are open
    """
    for meter_id, kind in sorted(store.meter_kinds(list(meter_ids), known_at).items()):
        found = _options(schedule, kind, on, view)
        if found is None or schedule in found.value:
            continue
        raise OptionNotOpen(
            f"{schedule} is not open to meter {meter_id}, which is of kind {kind.value}",
            where=f"meter {meter_id}",
            why=f"Open to such a meter are {', '.join(found.value)} ({found.citation.text})",
            do="Choose one of them; if the meter is of another kind, say so with `meterledger "
            "meter configure`, or exchange it first",
        )


def _options(
    schedule: str, kind: MeterKind, on: date, view: BookView
) -> DatedValue[tuple[str, ...]] | None:
    """The value ``<class>_options_of_<kind>_meters`` of the day; None where there is none."""
    try:
        service_class = view.service_class(schedule, on).value
    except NoRuleInForce:  # an option without a class is open to nobody, which others say
        return None
    name = f"{service_class}_options_of_{kind.value}_meters"
    if name not in view.names():
        return None
    return view.of_kind(name, "list").covering(on)
