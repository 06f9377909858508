"""Every way to spoil a file a little, and which of them pass unnoticed."""

from collections.abc import Callable, Iterator

from lasercam.errors import RereadError


def mutations(data: bytes) -> Iterator[tuple[str, bytes]]:
    lines = data.splitlines(keepends=True)
    for i, line in enumerate(lines):
        yield f"without {line!r}", b"".join(lines[:i] + lines[i + 1 :])
        yield f"twice {line!r}", b"".join(lines[: i + 1] + lines[i:])
        if i and lines[i - 1] != line:
            yield f"swapped {line!r}", b"".join([*lines[: i - 1], line, lines[i - 1], *lines[i + 1 :]])
        yield f"cut behind line {i}", b"".join(lines[:i])
    for i in range(len(data)):
        line = lines[data[:i].count(b"\n")]
        for bit in range(8):
            yield f"bit of {line!r}", data[:i] + bytes([data[i] ^ 1 << bit]) + data[i + 1 :]


def survivors(data: bytes, same: Callable[[bytes], bool]) -> set[str]:
    found = set()
    for what, changed in mutations(data):
        try:
            if same(changed):
                found.add(what)
        except RereadError:
            continue
    return found
