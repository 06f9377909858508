"""Requests to linuxcncrsh and its replies: one line each.

Source: linuxcncrsh(1) of LinuxCNC 2.9. Measured: replies to `set` end in LF CR, those to `get` in CR LF; the echo is on
at first; `get` names a value by its own name; what fails is answered by NAK.
"""

import time
from typing import Final

from lasercam.errors import LinkError, shorten
from lasercam.transports.tcp import TcpLink

ANSWER_S: Final = 5.0
"""A command that waits until it is done takes some 0.1 s; opening a large file longer."""
CLIENT: Final = "lasercam 1"


class RemoteShell:
    """One session.

    Raises:
        LinkError: nobody answers, or something else does.
    """

    def __init__(self, host: str, port: int) -> None:
        self._link = TcpLink(host, port)

    def hello(self, password: str) -> None:
        """Be known; replies are single lines from now on.

        Raises:
            LinkError: the password is refused, or this is no linuxcncrsh.
        """
        request = f"hello {password} {CLIENT}"
        self._send(request)
        reply = self._line("hello")
        words = (self._line("hello") if reply == request else reply).split()  # the echo may be on
        if words[:2] == ["HELLO", "NAK"]:
            raise LinkError(
                f"linuxcncrsh at {self._link.address} refuses the password (its --connectpw); set "
                "LASERCAM_LINUXCNC_HELLO"
            )
        if words[:2] != ["HELLO", "ACK"]:
            raise LinkError(f"{self._link.address} answers '{shorten(' '.join(words))}': this is no linuxcncrsh")
        # Until both are done, requests may be echoed and commands not acknowledged.
        self._send("set echo off")
        self._send("set verbose on")
        while self._line("set verbose on").upper() != "SET VERBOSE ACK":
            pass

    def enable(self, password: str) -> None:
        """Be allowed to command.

        Raises:
            LinkError: the password is refused, or another client commands.
        """
        if not self.try_set(f"enable {password}"):
            raise LinkError(
                f"linuxcncrsh at {self._link.address} does not let this client command (its --enablepw); set "
                "LASERCAM_LINUXCNC_ENABLE"
            )

    def get(self, what: str) -> str:
        """A value, in capitals as linuxcncrsh gives it."""
        self._send(f"get {what}")
        reply = self._line(f"get {what}")
        name = what.split()[0].upper()
        found, _, value = reply.partition(" ")
        if found != name:
            raise LinkError(f"linuxcncrsh answers '{shorten(reply)}' when asked to get {what}")
        return value.strip()

    def number(self, what: str) -> float:
        """A value that is a number."""
        text = self.get(what)
        try:
            return float(text)
        except ValueError:
            raise LinkError(f"linuxcncrsh answers '{shorten(text)}' when asked to get {what}") from None

    def set(self, what: str) -> None:
        """A command; LinkError when it is refused."""
        if not self.try_set(what):
            raise LinkError(f"LinuxCNC refuses to set {shorten(what, 120)}")

    def try_set(self, what: str) -> bool:
        """A command; whether it is accepted."""
        self._send(f"set {what}")
        reply = self._line(f"set {what}").upper().split()
        if reply[:1] != ["SET"] or reply[-1] not in ("ACK", "NAK"):
            raise LinkError(f"linuxcncrsh answers '{shorten(' '.join(reply))}' to set {shorten(what, 120)}")
        return reply[-1] == "ACK"

    def close(self) -> None:
        """Hang up."""
        self._link.close()

    def _send(self, text: str) -> None:
        self._link.write(f"{text}\r\n".encode("ascii"))

    def _line(self, request: str) -> str:
        """The next line that is not empty."""
        start = time.monotonic()
        while time.monotonic() - start < ANSWER_S:
            line = self._link.read_line(ANSWER_S)
            text = (line or b"").decode("ascii", "replace").strip()
            if text:
                return text
        raise LinkError(f"linuxcncrsh does not answer '{shorten(request.split()[0])} …' within {ANSWER_S:g} s")
