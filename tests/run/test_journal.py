"""The journal: what it says after any cut, any spoilt byte."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import InputError
from lasercam.run.journal import Journal, ProgramKey, read_journal
from lasercam.run.row_ranges import RowRanges

KEY = ProgramKey(2, 1)
DIGEST = "a" * 64


def write(path: Path) -> None:
    with Journal(path, DIGEST) as journal:
        journal.start(KEY, file="f", sha256="b" * 64, rows=RowRanges.of((10, 60)), first_row=10)
        journal.sent(line=8, row=20, done=10)
        journal.sent(line=16, row=30, done=14)


def test_what_was_announced_and_not_confirmed_is_uncertain(tmp_path: Path) -> None:
    path = tmp_path / "j"
    write(path)
    record = read_journal(path).of(KEY)
    assert record.done == RowRanges.of((10, 14))
    assert record.uncertain == RowRanges.of((14, 30))
    assert not record.is_finished


def test_an_orderly_end_says_what_was_sent_and_what_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "j"
    write(path)
    with Journal(path, DIGEST) as journal:
        journal.start(KEY, file="f", sha256="b", rows=RowRanges.of((30, 60)), first_row=10)
        journal.sent(line=50, row=55, done=35)
        journal.stopped(reason="abort", line=44, row=41, done=40, partly=RowRanges.of((40, 41)))
    record = read_journal(path).of(KEY)
    assert record.done == RowRanges.of((10, 14), (30, 40))
    assert record.uncertain == RowRanges.of((14, 30))
    assert record.partly == RowRanges.of((40, 41))
    assert record.open_question == RowRanges.of((14, 30), (40, 41))
    assert record.touched == RowRanges.of((10, 41))


def test_decisions_are_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "j"
    write(path)
    with Journal(path, DIGEST) as journal:
        journal.decided(KEY, RowRanges.of((14, 20)))
        journal.start(KEY, file="f", sha256="b", rows=RowRanges.of((20, 60)), first_row=10)
        journal.sent(line=1, row=60, done=10)
        journal.finished(row=60)
    record = read_journal(path).of(KEY)
    assert record.done == RowRanges.of((10, 14), (20, 60))
    assert not record.open_question
    assert record.skipped == RowRanges.of((14, 20))
    assert record.is_finished


@given(cut=st.integers(min_value=0, max_value=10_000))
def test_a_file_cut_anywhere_claims_no_more_than_before(cut: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("cut") / "j"
    write(path)
    whole = path.read_bytes()
    whole_record = read_journal(path).of(KEY)
    path.write_bytes(whole[: cut % (len(whole) + 1)])
    record = read_journal(path).of(KEY)
    assert not record.done - whole_record.done
    assert not record.touched - whole_record.touched
    with Journal(path, DIGEST) as journal:  # and it can be written on
        journal.note("on")
    assert read_journal(path).torn_bytes == 0
    assert read_journal(path).of(KEY).done == record.done


def test_a_spoilt_byte_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "j"
    write(path)
    whole = path.read_bytes()
    random = Random(1)
    for _ in range(200):
        at, bit = random.randrange(len(whole) - 1), 1 << random.randrange(8)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
        with pytest.raises(InputError, match="checksum"):
            read_journal(path)


def test_a_journal_of_another_build_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "j"
    write(path)
    with pytest.raises(InputError, match="another build"):
        Journal(path, "c" * 64)
