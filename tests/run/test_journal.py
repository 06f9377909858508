"""The journal: what it says after any cut, any spoilt byte."""

import sys
import zlib
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import InputError, RefusedError
from lasercam.run.journal import Journal, ProgramKey, read_journal
from lasercam.run.journal_lock import is_held
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


@pytest.mark.skipif(sys.platform == "win32", reason="no advisory locks")
def test_a_journal_belongs_to_one_run(tmp_path: Path) -> None:
    path = tmp_path / "j"
    assert not is_held(path)
    with Journal(path, DIGEST):
        assert is_held(path)
        before = path.read_bytes()
        with pytest.raises(RefusedError, match="is in use"):
            Journal(path, DIGEST)
        assert path.read_bytes() == before
    assert not is_held(path)
    with Journal(path, DIGEST):
        assert read_journal(path).toolpath == DIGEST


def test_executions_can_be_told_apart(tmp_path: Path) -> None:
    """Two journals of one build are two executions; one that is read twice is one."""
    names = []
    for name, simulated in (("a", False), ("b", True)):
        Journal(tmp_path / name, DIGEST, simulated=simulated).__exit__(None, None, None)
        with Journal(tmp_path / name, DIGEST) as journal:
            journal.by_hand(3, name="furnace", how="asked")
        content = read_journal(tmp_path / name)
        names.append(content.identity)
        assert (content.is_simulated, content.by_hand) == (simulated, [3])
    assert len(set(names)) == 2
    old = tmp_path / "old"
    body = b'{"t":"journal","schema":"lasercam-journal-1","toolpath":"%b"}' % DIGEST.encode()
    old.write_bytes(b"%08x %b\n" % (zlib.crc32(body), body))
    assert len(read_journal(old).identity) == 32, "journals from before they had one"
    assert read_journal(old).identity == read_journal(old).identity
