"""Citations: instrument, sheet, revision, paragraph, the day it took effect, and the order."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from meterledger.kernel.ensure import ensure


@dataclass(frozen=True, slots=True, order=True)
class Citation:
    """The clause that a number or a sentence stands on.

    ``revision`` and ``order`` may be unknown, and then say so with None: a value taken from a
    secondary source often knows the sheet but not its revision.

    :raises InvariantBroken: if instrument, sheet or paragraph is empty
    """

    instrument: str
    sheet: str
    revision: str | None
    paragraph: str
    effective: date
    order: str | None = None
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("instrument", "sheet", "paragraph"):
            ensure(bool(getattr(self, name).strip()), f"a citation names its {name}")
        # Every line of every bill looks its clauses up: their hash is worked out once.
        parts = (self.instrument, self.sheet, self.revision, self.paragraph, self.effective)
        object.__setattr__(self, "_hash", hash((*parts, self.order)))

    def __hash__(self) -> int:
        return self._hash

    @property
    def text(self) -> str:
        """Short form for a line on a bill: ``Sheet 54, rev. 9, Anytime, energy``."""
        revision = f"rev. {self.revision}" if self.revision else f"in force {self.effective}"
        return f"{self.sheet}, {revision}, {self.paragraph}"

    def as_json(self) -> dict[str, str | None]:
        """The CITATION shape of DESIGN.md section 6."""
        return dict(_json_of(self))

    @classmethod
    def from_json(cls, record: dict[str, str | None]) -> Citation:
        """The citation of a stored record.

        :raises KeyError: if a field is missing
        """
        return cls(
            instrument=_text(record, "instrument"),
            sheet=_text(record, "sheet"),
            revision=record["revision"],
            paragraph=_text(record, "paragraph"),
            effective=date.fromisoformat(_text(record, "effective")),
            order=record["order"],
        )

    def __str__(self) -> str:
        return self.text


def _text(record: dict[str, str | None], field: str) -> str:
    text = record[field]
    ensure(text is not None, f"a stored citation has its {field}")
    return str(text)


@lru_cache(maxsize=4096)
def _json_of(citation: Citation) -> dict[str, str | None]:
    """A bill repeats few citations many times: each is written once."""
    return {
        "instrument": citation.instrument,
        "sheet": citation.sheet,
        "revision": citation.revision,
        "paragraph": citation.paragraph,
        "effective": citation.effective.isoformat(),
        "order": citation.order,
        "text": citation.text,
    }
