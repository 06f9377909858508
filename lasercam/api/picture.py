"""A picture that notebooks show by themselves."""

from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path

from lasercam.errors import InputError, Problem

_MEDIA = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}


@dataclass(frozen=True)
class Picture:
    """A picture in memory.

    Attributes:
        format: png, svg or pdf.
        content: its bytes.
        title: for people who do not see it.
    """

    format: str
    content: bytes = field(repr=False)
    title: str = ""

    def save(self, path: str | Path) -> Path:
        """The picture as a file.

        Raises:
            InputError: it cannot be written, or its name ends in another format.
        """
        target = Path(path)
        if target.suffix.removeprefix(".").lower() != self.format:
            raise InputError(Problem(f"the picture is a .{self.format}, but '{target.name}' does not end so"))
        try:
            target.write_bytes(self.content)
        except OSError as error:
            raise InputError(Problem(f"'{target}' cannot be written: {error.strerror}")) from error
        return target

    def _repr_png_(self) -> bytes | None:
        return self.content if self.format == "png" else None

    def _repr_svg_(self) -> str | None:
        return self.content.decode() if self.format == "svg" else None

    def data_url(self) -> str:
        """The picture as an address that pages can hold."""
        return f"data:{_MEDIA[self.format]};base64,{b64encode(self.content).decode()}"
