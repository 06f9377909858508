"""Calls to a Newport XPS over TCP: `Function(arguments)` out, `code,results,EndOfAPI` back; one at a time per socket.

Source: XPS-Q8 programmer's manual; the same in the public package newportxps and in EPICS' driver. A call is answered
when it is done: one that moves blocks its socket until the motion has ended, but no other socket.
"""

import re
import time
from typing import Final

from lasercam.errors import LinkError, shorten
from lasercam.transports.tcp import TcpLink

ANSWER_S: Final = 5.0
"""For calls that move nothing. Assumed."""
_END: Final = b",EndOfAPI"
_REPLY: Final = re.compile(r"(-?[0-9]{1,6}),(.*)", re.DOTALL)


class XpsCalls:
    """One socket.

    Raises:
        LinkError: nobody answers.
    """

    def __init__(self, host: str, port: int) -> None:
        self._link = TcpLink(host, port, end=_END)
        self._pending = ""

    @property
    def pending(self) -> str:
        """The call that has not been answered yet; empty when none is."""
        return self._pending

    def post(self, call: str) -> None:
        """Send a call; its reply is asked for by `reply`."""
        if self._pending:
            raise LinkError(f"the XPS is still busy with {shorten(self._pending)}")
        self._link.write(call.encode("ascii"))
        self._pending = call

    def reply(self, timeout_s: float) -> tuple[int, str] | None:
        """Error code (0 = done) and results of the call that was posted; None while it is busy."""
        line = self._link.read_line(timeout_s)
        if line is None:
            return None
        call, self._pending = self._pending, ""
        match = _REPLY.fullmatch(line.decode("latin-1").strip())
        if match is None:
            raise LinkError(f"the XPS answers '{shorten(line.decode('latin-1'))}' to {shorten(call)}")
        return int(match[1]), match[2]

    def ask(self, call: str, allowed: tuple[int, ...] = ()) -> tuple[int, str]:
        """Error code and results of a call that moves nothing.

        Raises:
            LinkError: no reply, or an error code that is not `allowed`.
        """
        self.post(call)
        start = time.monotonic()
        while (found := self.reply(ANSWER_S)) is None:
            if time.monotonic() - start > ANSWER_S:
                raise LinkError(f"the XPS does not answer {shorten(call)} within {ANSWER_S:g} s")
        code, results = found
        if code != 0 and code not in allowed:
            raise LinkError(f"the XPS refuses {shorten(call)} with error {code}")
        return code, results

    def close(self) -> None:
        """Hang up."""
        self._link.close()
