"""A new file and its SHA-256, hashed and written while the next piece of it is made."""

import hashlib
from pathlib import Path
from queue import Queue
from threading import Thread
from types import TracebackType

from lasercam.pipeline.aligned_file import AlignedFile

_ALONE_BYTES = 1 << 20
"""Pieces up to this total are written at once: a thread would cost more than it saves."""
_WAITING = 2
"""Pieces that may wait: bounds the memory when the disk is slow."""


class HashedFile:
    """Writes a file that must not exist yet; `finish` makes sure that it is on disk.

    Leaving the context without `finish` closes the file as far as it was written.
    """

    def __init__(self, path: Path) -> None:
        self._stream = AlignedFile(path)
        self._digest = hashlib.sha256()
        self._size = 0
        self._pieces: Queue[bytes | memoryview | None] = Queue(_WAITING)
        self._thread: Thread | None = None
        self._error: OSError | None = None

    def __enter__(self) -> "HashedFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop()
        self._stream.close()

    def write(self, piece: bytes | memoryview) -> None:
        """Append a piece, now or soon.

        Raises:
            OSError: this piece or an earlier one could not be written.
        """
        self._size += len(piece)
        if self._size <= _ALONE_BYTES:
            self._append(piece)
            return
        if self._thread is None:
            # Hashing and writing let go of the interpreter, so that the next piece is made meanwhile.
            self._thread = Thread(target=self._work, name="writing", daemon=True)
            self._thread.start()
        self._raise()
        self._pieces.put(piece)

    def finish(self) -> tuple[str, int]:
        """The file is complete and on disk: its SHA-256 and its size in bytes.

        Raises:
            OSError: something could not be written.
        """
        self._stop()
        self._raise()
        self._stream.sync()
        return self._digest.hexdigest(), self._size

    def _append(self, piece: bytes | memoryview) -> None:
        self._digest.update(piece)
        self._stream.write(piece)

    def _work(self) -> None:
        while (piece := self._pieces.get()) is not None:
            if self._error is None:
                try:
                    self._append(piece)
                except OSError as error:
                    self._error = error

    def _stop(self) -> None:
        if self._thread is not None:
            self._pieces.put(None)
            self._thread.join()
            self._thread = None

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error
