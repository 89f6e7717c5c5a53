"""The bank's lines, matches and steps in dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime

from meterledger.facts.bank import (
    BankFile,
    BankLine,
    BankMatch,
    BankStatement,
    BankTotals,
    BankUnmatch,
    Expectation,
    LineAct,
    LineStep,
    OpenLine,
)
from meterledger.facts.money import Entry
from meterledger.facts.payments import PaymentFile, ReceiptOnFile
from meterledger.facts.settlements import SettlementCase
from meterledger.facts.unbilled import Accrual
from meterledger.stores.bank_words import (
    accrued_already,
    event_key,
    expectations_of,
    free_name,
    is_said,
    known_statement,
    matched_already,
    no_line,
    no_match,
    refuse_line_step,
    undone_already,
)
from meterledger.stores.memory.places import MemoryPlaces


class MemoryReconciliation(MemoryPlaces):
    """The part of the store that keeps what the bank says."""

    record: list[tuple[str, str, datetime]]
    _entries: dict[str, Entry]
    _receipts: dict[str, ReceiptOnFile]
    _payment_files: dict[str, PaymentFile]
    _settlements: dict[str, SettlementCase]

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self._bank_files: dict[str, BankFile] = {}
        self._bank_lines: dict[str, tuple[BankLine, str]] = {}
        self._bank_matches: list[BankMatch] = []
        self._bank_unmatches: list[BankUnmatch] = []
        self._line_steps: dict[str, list[LineStep]] = {}
        self._matched: set[str] = set()
        self._accruals: dict[str, Accrual] = {}
        self.register_cause("bank-adjustment", self._is_adjusted)
        self.register_cause("accrual", lambda key: key in self._accruals)

    def bank_file(self, sha256: str) -> BankFile | None:
        """The file of that hash, if it was taken."""
        return self._bank_files.get(sha256)

    def record_bank_file(self, file: BankFile) -> bool:
        """Keep a file whole, once."""
        with self._lock:
            if file.sha256 in self._bank_files:
                return False
            kept = {
                one.statement_id: each.name
                for each in self._bank_files.values()
                for one in each.statements
            }
            for statement in file.statements:
                if statement.statement_id in kept:
                    raise known_statement(
                        statement.statement_id, kept[statement.statement_id], file.name
                    )
            self._bank_files[file.sha256] = file
            for statement in file.statements:
                for line in statement.lines:
                    self._bank_lines[line.line_id] = (line, statement.bank_account)
            self._note("bank file taken", file.sha256, file.learned_at)
            return True

    def bank_statements(self, *, limit: int = 100) -> list[BankStatement]:
        """Statements, the newest day first."""
        self._look()
        found = [one for each in self._bank_files.values() for one in each.statements]
        found.sort(key=lambda one: (one.as_of_day, one.statement_id), reverse=True)
        return found[:limit]

    def open_bank_lines(self) -> list[OpenLine]:
        """Lines that no match has, oldest first."""
        self._look()
        found = [
            OpenLine(line, account, tuple(self._line_steps.get(name, ())))
            for name, (line, account) in self._bank_lines.items()
            if name not in self._matched
        ]
        return sorted(found, key=lambda one: (one.line.booked_day, one.line.line_id))

    def bank_line(self, line_id: str) -> OpenLine:
        """A line, in a match or not, with what people said of it."""
        self._look()
        if line_id not in self._bank_lines:
            raise no_line(line_id)
        line, account = self._bank_lines[line_id]
        return OpenLine(line, account, tuple(self._line_steps.get(line_id, ())))

    def open_expectations(self) -> list[Expectation]:
        """What no match has, oldest first."""
        self._look()
        sent = {
            step.entry_id: step.reference
            for case in self._settlements.values()
            for step in case.steps
            if step.entry_id
        }

        def batch_of(entry: Entry) -> str:
            return self._file_of(event_key(entry.entry_id)) or sent.get(entry.entry_id, "")

        found = [
            one
            for one in expectations_of(list(self._entries.values()), batch_of)
            if one.expectation_id not in self._matched
        ]
        return sorted(found, key=lambda one: (one.day, one.expectation_id))

    def record_bank_matches(self, matches: Sequence[BankMatch], *, learned_at: datetime) -> None:
        """Keep matches, all or none."""
        with self._lock:
            self._refuse_matches(matches)
            self._keep_matches(matches)
            by_hand = [one for one in matches if one.by]
            for one in by_hand:
                self._note("bank matched by hand", one.match_id, learned_at)
            if len(matches) > len(by_hand):
                self._note("bank matched", f"{len(matches)} matches", learned_at)

    def _refuse_matches(self, matches: Sequence[BankMatch], beside: Sequence[Entry] = ()) -> None:
        entries = [*self._entries.values(), *beside]
        ours = {one.expectation_id: one for one in expectations_of(entries)}
        seen: set[str] = set()
        for match in matches:
            for line in match.lines:
                known = self._bank_lines.get(line.line_id)
                if known is None or known[0] != line or line.line_id in self._matched | seen:
                    raise matched_already(line.line_id)
                seen.add(line.line_id)
            for one in match.expectations:
                expected = ours.get(one.expectation_id)
                taken = one.expectation_id in self._matched | seen
                if expected is None or expected.cents != one.cents or taken:
                    raise matched_already(one.expectation_id)
                seen.add(one.expectation_id)

    def _keep_matches(self, matches: Sequence[BankMatch]) -> None:
        undone = {one.match.match_id for one in self._bank_unmatches}
        for told in matches:
            match = replace(told, match_id=free_name(told.match_id, undone))
            self._bank_matches.append(match)
            self._matched |= {one.line_id for one in match.lines}
            self._matched |= {one.expectation_id for one in match.expectations}

    def bank_matches(self, *, booked_on: date | None = None, limit: int = 200) -> list[BankMatch]:
        """Matches, the newest first."""
        self._look()
        found = [
            one
            for one in self._bank_matches[::-1]
            if booked_on is None or any(line.booked_day == booked_on for line in one.lines)
        ]
        return found[:limit]

    def bank_match(self, match_id: str) -> BankMatch:
        """A match that stands."""
        self._look()
        for one in self._bank_matches:
            if one.match_id == match_id:
                return one
        raise no_match(match_id)

    def bank_match_of(self, piece: str) -> BankMatch | None:
        """The match that stands and has this line or expectation."""
        self._look()
        return next((one for one in self._bank_matches if piece in one.pieces), None)

    def bank_unmatch_of(self, match_id: str) -> BankUnmatch | None:
        """How the match was undone."""
        self._look()
        found = (one for one in self._bank_unmatches if one.match.match_id == match_id)
        return next(found, None)

    def bank_unmatches(self) -> list[BankUnmatch]:
        """Matches that were undone, the newest first."""
        self._look()
        return self._bank_unmatches[::-1]

    def record_bank_unmatch(
        self, undone: BankUnmatch, *, entries: Sequence[Entry] = (), match: BankMatch | None = None
    ) -> None:
        """Undo a match: its pieces are open again."""
        with self._lock:
            name = undone.match.match_id
            if any(one.match.match_id == name for one in self._bank_unmatches):
                raise undone_already(name)
            kept = next((one for one in self._bank_matches if one.match_id == name), None)
            if kept is None:
                raise no_match(name)
            pieces = {
                *(one.line_id for one in kept.lines),
                *(one.expectation_id for one in kept.expectations),
            }
            for entry in entries:
                self._refuse_entry(entry)
            self._bank_matches.remove(kept)
            self._matched -= pieces
            self._bank_unmatches.append(undone)
            for line in kept.lines:
                said = LineStep(
                    *(line.line_id, LineAct.UNMATCHED, undone.by),
                    *(undone.reason, undone.learned_at),
                )
                self._line_steps.setdefault(line.line_id, []).append(said)
            for entry in entries:
                self._keep_entry(entry)
            if match is not None:
                self._refuse_matches([match])
                self._keep_matches([match])
            self._note("bank match undone", name, undone.learned_at)

    def record_line_step(
        self, step: LineStep, entry: Entry | None = None, match: BankMatch | None = None
    ) -> None:
        """Add what a person said of an open line."""
        with self._lock:
            if step.line_id not in self._bank_lines:
                raise no_line(step.line_id)
            line, account = self._bank_lines[step.line_id]
            steps = tuple(self._line_steps.get(step.line_id, ()))
            is_open = step.line_id not in self._matched
            if is_open and is_said(steps, step):
                return
            refuse_line_step(OpenLine(line, account, steps) if is_open else None, step)
            if step.act is LineAct.APPROVED and entry is not None and match is not None:
                self._refuse_matches([match], beside=[entry])
                self._refuse_entry(entry, arriving=[entry.entry_id.partition(":")[2]])
                self._line_steps.setdefault(step.line_id, []).append(step)
                self._keep_entry(entry)
                self._keep_matches([match])
            else:
                self._line_steps.setdefault(step.line_id, []).append(step)
            self._note(f"bank line {step.act.value}", step.line_id, step.learned_at)

    def bank_totals(self) -> BankTotals:
        """Both sides in cents, and what of them is matched."""
        self._look()
        lines = [one for one, _ in self._bank_lines.values()]
        taken = [one for one in lines if one.line_id in self._matched]
        ours = list(expectations_of(self._entries.values()))
        return BankTotals(
            bank_cents=sum(one.cents for one in lines),
            bank_matched_cents=sum(one.cents for one in taken),
            expected_cents=sum(one.cents for one in ours),
            expected_matched_cents=sum(
                one.cents for one in ours if one.expectation_id in self._matched
            ),
            lines=len(lines),
            lines_matched=len(taken),
        )

    def record_accrual(self, accrual: Accrual, entries: Sequence[Entry]) -> bool:
        """Keep and post it, once."""
        with self._lock:
            known = self._accruals.get(accrual.key)
            if known is not None:
                if known.lines != accrual.lines:
                    raise accrued_already(known)
                return False
            self._accruals[accrual.key] = accrual
            for entry in entries:
                self._keep_entry(entry)
            self._note("revenue accrued", accrual.key, accrual.learned_at)
            return True

    def accruals(self, *, limit: int = 36) -> list[Accrual]:
        """Accruals, the newest first."""
        self._look()
        found = sorted(self._accruals.values(), key=lambda one: one.month_end, reverse=True)
        return found[:limit]

    def _is_adjusted(self, key: str) -> bool:
        line_id, _, number = key.rpartition(".")
        line_id = line_id if line_id in self._bank_lines and number.isdecimal() else key
        return any(one.act is LineAct.APPROVED for one in self._line_steps.get(line_id, ()))

    def _file_of(self, payment_key: str) -> str:
        known = self._receipts.get(payment_key)
        sha256 = known.receipt.file_sha256 if known is not None else None
        file = self._payment_files.get(sha256) if sha256 is not None else None
        return file.name if file is not None else ""

    # Answered by the parts beside this one.

    def register_cause(self, prefix: str, is_there: Callable[[str], bool]) -> None:
        """Entries of the prefix are posted only where their cause is there."""
        raise NotImplementedError

    def _refuse_entry(self, entry: Entry, *, arriving: Sequence[str] = ()) -> None:
        raise NotImplementedError

    def _keep_entry(self, entry: Entry) -> None:
        raise NotImplementedError
