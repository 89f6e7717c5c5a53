"""What a bill says of a load without a meter: what it is, and how long it took energy.

Made by ``metering`` (``unmetered_energy``); kept with the bill's usage (``bills``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from meterledger.facts.meters import UnmeteredLoad


@dataclass(frozen=True, slots=True)
class LoadShare:
    """One load of a window: ``seconds`` in which it took energy on the days it was there.

    Its energy is ``count`` x ``volt_amperes`` x the power factor x ``seconds`` / 3600. Only the sum
    of all loads is rounded to whole watt-hours.
    """

    load_id: str
    device: str
    count: int
    volt_amperes: int
    hours: tuple[tuple[int, int], ...]
    from_day: date
    until_day: date
    seconds: int

    @classmethod
    def of(cls, load: UnmeteredLoad, from_day: date, until_day: date, seconds: int) -> LoadShare:
        """The share of a load on some days of a window."""
        return cls(
            *(load.load_id, load.device, load.count, load.volt_amperes, load.hours),
            *(from_day, until_day, seconds),
        )

    @property
    def volt_ampere_seconds(self) -> int:
        """What its energy is reckoned from, before the power factor."""
        return self.count * self.volt_amperes * self.seconds

    def told(self) -> dict[str, object]:
        """As it stands in the record and in answers."""
        return {
            "load": self.load_id,
            "device": self.device,
            "count": self.count,
            "volt_amperes": self.volt_amperes,
            "hours": [[clock(begin), clock(end)] for begin, end in self.hours],
            "from": self.from_day.isoformat(),
            "to": self.until_day.isoformat(),
            "seconds": self.seconds,
        }


def clock(minute: int) -> str:
    """A minute of the local day as people write it: ``06:30``; ``24:00`` ends the day."""
    return f"{minute // 60:02d}:{minute % 60:02d}"
