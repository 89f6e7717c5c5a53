"""Participations in dictionaries, on two clocks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial

from meterledger.facts.participation import Participation
from meterledger.stores.believed import A_MOMENT
from meterledger.stores.memory.places import MemoryPlaces, Undo
from meterledger.stores.program_words import in_program, left, no_agreement


class MemoryPrograms(MemoryPlaces):
    """The part of the store that keeps who takes part in what."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self._participations: dict[str, list[tuple[Participation, datetime | None]]] = {}

    def join_program(self, participation: Participation) -> None:
        """Keep a participation."""
        name = participation.agreement_id
        with self._lock:
            if not any(
                one.agreement_id == name and one.account_id == participation.account_id
                for one in self._agreements.known()
            ):
                raise no_agreement(name)
            self._take_part([participation], [])
            self._note("program joined", participation.account_id, participation.learned_at)

    def leave_program(
        self, agreement_id: str, program: str, last_day_out: date, learned_at: datetime
    ) -> None:
        """End a participation."""
        with self._lock:
            believed = self._believed_participations(agreement_id)
            old, new = left(believed, agreement_id, program, last_day_out, learned_at)
            rows = self._participations[agreement_id]
            rows[rows.index((old, None))] = (old, new.learned_at)
            rows.append((new, None))
            self._note("program left", old.account_id, new.learned_at)

    def participations(
        self, agreement_ids: Sequence[str], known_at: datetime | None = None
    ) -> dict[str, tuple[Participation, ...]]:
        """What the agreements take part in, as known then or now."""
        self._look()
        with self._lock:
            found = {
                name: tuple(
                    sorted(
                        (
                            one
                            for one, until in self._participations.get(name, ())
                            if _known(one, until, known_at)
                        ),
                        key=lambda one: (one.days.from_day, one.program),
                    )
                )
                for name in agreement_ids
            }
        return {name: rows for name, rows in found.items() if rows}

    def _take_part(self, programs: Sequence[Participation], undo: Undo) -> None:
        for one in programs:
            rows = self._participations.setdefault(one.agreement_id, [])
            for other in self._believed_participations(one.agreement_id):
                if other.program == one.program and other.days.overlaps(one.days):
                    raise in_program(one.agreement_id, one.program)
            rows.append((one, None))
            undo.append(partial(rows.remove, (one, None)))

    def _part_no_more(self, agreement_id: str, moment: datetime) -> None:
        rows = self._participations.get(agreement_id, [])
        rows[:] = [
            (one, max(moment, one.learned_at + A_MOMENT) if until is None else until)
            for one, until in rows
        ]

    def _believed_participations(self, agreement_id: str) -> list[Participation]:
        rows = self._participations.get(agreement_id, ())
        return [one for one, until in rows if until is None]

    def _note(self, event: str, subject: str, learned_at: datetime) -> None:
        raise NotImplementedError  # the store beside this part keeps the record


def _known(one: Participation, until: datetime | None, known_at: datetime | None) -> bool:
    if known_at is None:
        return until is None
    return one.learned_at <= known_at and (until is None or known_at < until)
