"""A head-end in a dictionary: answers by meter, or refusals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from meterledger.kernel.refusal import Refusal


class MemoryHeadEnd:
    """Answers what it was given; remembers what it was asked."""

    def __init__(self, answers: Mapping[str, bytes | Refusal]) -> None:
        """``answers`` by meter number; another meter is one it does not know."""
        self._answers = dict(answers)
        self.asked: list[tuple[str, str, datetime]] = []

    def read_now(self, meter_id: str, *, message_id: str, asked_at: datetime) -> bytes:
        """The answer for that meter, or its refusal."""
        self.asked.append((meter_id, message_id, asked_at))
        answer = self._answers.get(
            meter_id,
            Refusal(
                "The head-end does not know it",
                where=f"meter {meter_id}",
                do="Ask whoever runs the head-end",
            ),
        )
        if isinstance(answer, Refusal):
            raise answer
        return answer
