"""Names of stored files: whatever a container says, never a path and never a surprise in a shell."""

import re
import unicodedata
from typing import Final

MOST_BYTES: Final = 255
"""Of a name in UTF-8; what most file systems take, and what the container's length byte counts."""
RESERVED: Final = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)")
"""Devices on Windows, whatever follows the dot."""


def safe_name(name: str) -> str:
    r"""The nearest name that is one on every system: no folders, no control signs, no leading dot or dash.

    >>> safe_name("../../etc/passwd"), safe_name("C:\\plans\\nul.txt"), safe_name("-rf\n"), safe_name("..")
    ('passwd', '_nul.txt', '_rf_', '')
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join("_" if unicodedata.category(c)[0] in "CZ" and c != " " else c for c in last)
    kept = re.sub(r'[<>:"|?*]', "_", shown).strip(" ").rstrip(". ")
    if kept.startswith((".", "-", "~")):
        kept = "_" + kept[1:]
    if RESERVED.match(kept):
        kept = "_" + kept
    while len(kept.encode()) > MOST_BYTES:
        kept = kept[:-1].rstrip(". ")
    return kept
