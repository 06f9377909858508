"""Text from people, made safe for a comment in a job file."""

import unicodedata

MAX_COMMENT_CHARACTERS = 180
_SIGNS = str.maketrans({"µ": "u", "μ": "u", "×": "x", "Γ": "Gamma", "–": "-", "—": "-", "°": "deg", "ß": "ss",
                        "(": "[", ")": "]", ";": ",", "²": "2", "³": "3", "·": "."})  # fmt: skip


def safe_comment(text: str) -> str:
    """A G-code comment that says the text and can never be anything but a comment.

    Brackets, line ends and everything outside printable ASCII are replaced, long text is cut, and the leading dash
    keeps words such as `MSG,` or `LOGOPEN,` from being commands to the controller.

    >>> safe_comment("(MSG, 50 µJ)")
    '(- [MSG, 50 uJ])'
    """
    return f"(- {_plain(text)})"


def safe_line_comment(text: str, opener: str) -> str:
    r"""A comment to the end of its line that can never be anything else, in languages that open it with `opener`.

    A line end would close it and a backslash may join the next line to it; both are replaced.

    >>> safe_line_comment("50 µJ; a\\b", "//")
    '// - 50 uJ, a/b'
    """
    return f"{opener} - {_plain(text).replace(chr(92), '/')}".rstrip()


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.translate(_SIGNS))
    kept = "".join(c for c in plain.translate(_SIGNS) if not unicodedata.combining(c))
    ascii_text = "".join(c if " " <= c <= "~" else " " if c.isspace() else "?" for c in kept)
    return ascii_text[:MAX_COMMENT_CHARACTERS].strip()
