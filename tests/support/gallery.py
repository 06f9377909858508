"""The README's gallery: pictures of every shipped job, and the table that shows them.

`python -m tests.support.gallery` draws every job of `patterns/` anew, scales the pictures down and rewrites the table
between the markers of the README. Jobs that cannot be drawn are named, and the exit code is 1; nothing is written then,
unless `--keep-going` leaves them out.
"""

import io
import re
import sys
from html import escape
from pathlib import Path

from PIL import Image, ImageChops

from lasercam.errors import LasercamError
from lasercam.model.job import JobDocument
from lasercam.pipeline.load import load_job
from lasercam.pipeline.pictures import draw_one, views_of
from lasercam.pipeline.planning import plan_job

ROOT = Path(__file__).parents[2]
PATTERNS = ROOT / "patterns"
PICTURES = ROOT / "lasercam" / "docs" / "pictures"
README = ROOT / "README.md"
BEGIN, END = "<!-- gallery:begin -->", "<!-- gallery:end -->"
PLACEHOLDER = "<!-- gallery -->"
MAX_BYTES = 60_000
WIDTHS_PX = (900, 800, 700, 600, 500, 400, 300)
COLOURS = 256
MARGIN_PX = 24
SHOWN_PX = 260
PER_ROW = 3
PLAIN_VIEWS = ("daylight", "uv")
DOI = re.compile(r"\b10\.\d{4,9}/[^\s,;)]+")


def jobs() -> list[Path]:
    """Every shipped job, by name."""
    return sorted(PATTERNS.glob("*.yaml"))


def picture(path: Path) -> tuple[JobDocument, bytes]:
    """A job, and a PNG of what its sample will show (where something glows) or of its toolpath."""
    loaded = load_job(path)
    toolpath = plan_job(loaded)
    drawn = io.BytesIO()
    draw_one(loaded, toolpath, telling_view(views_of(loaded, toolpath)), None, "png", drawn)
    return loaded.document, small(drawn.getvalue())


def telling_view(views: tuple[str, ...]) -> str:
    """What tells most about a job: all views where filters matter, else the glow, else the toolpath."""
    if not views:
        return "toolpath"
    return "all" if len(views) > len(PLAIN_VIEWS) else "uv"


def small(png: bytes) -> bytes:
    """The picture without its empty margins, in as many pixels as MAX_BYTES hold."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    paper = Image.new("RGB", image.size, image.getpixel((0, 0)))
    box = ImageChops.difference(image, paper).getbbox()
    if box is None:
        raise LasercamError("the picture is empty")
    left, top, right, bottom = box
    image = image.crop((
        max(left - MARGIN_PX, 0),
        max(top - MARGIN_PX, 0),
        min(right + MARGIN_PX, image.width),
        min(bottom + MARGIN_PX, image.height),
    ))  # fmt: skip
    for width in WIDTHS_PX:
        scale = min(1.0, width / image.width)
        size = round(image.width * scale), round(image.height * scale)
        out = io.BytesIO()
        reduced = image.resize(size, Image.Resampling.LANCZOS).quantize(
            COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
        )  # median cut would mix the few pixels of a swatch with its neighbours
        reduced.save(out, "PNG", optimize=True)
        if out.tell() <= MAX_BYTES:
            return out.getvalue()
    raise LasercamError(f"the picture has more than {MAX_BYTES:,} bytes even when {WIDTHS_PX[-1]} pixels wide")


def cited(document: JobDocument) -> str:
    """Papers in a few words, linked where they have a DOI."""
    links = []
    for cite in document.cites:
        name = re.split(r"[,(]", cite, maxsplit=1)[0].strip()
        doi = DOI.search(cite)
        links.append(f"[{name}](https://doi.org/{doi[0]})" if doi else name)
    return ", ".join(dict.fromkeys(links)) or "our own"


def table(documents: dict[str, JobDocument]) -> str:
    """The section between the markers."""
    rows = [BEGIN, "## Gallery", ""]
    rows += ["Every job below ships with lasercam: `lasercam new NAME` copies it. The pictures are lasercam's own: the"]
    rows += ["toolpath drawn from the rows of the job files, or what the sample will show where the process glows.", ""]
    cells = []
    for name, document in documents.items():
        title = escape(document.title, quote=True).replace("|", "&#124;")
        image = f'<img src="lasercam/docs/pictures/{name}.png" width="{SHOWN_PX}" alt="{title}">'
        cells.append(f"{image}<br>**`{name}`**<br>{title}<br>{cited(document)}")
    cells += [""] * (-len(cells) % PER_ROW)
    rows += ["|" + " |" * PER_ROW, "|" + "---|" * PER_ROW]
    rows += ["| " + " | ".join(cells[i : i + PER_ROW]) + " |" for i in range(0, len(cells), PER_ROW)]
    return "\n".join([*rows, END])


def with_gallery(readme: str, section: str) -> str:
    """The README with its gallery replaced, or put where the placeholder stands."""
    if PLACEHOLDER in readme:
        return readme.replace(PLACEHOLDER, section, 1)
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise LasercamError(f"the README has neither {PLACEHOLDER} nor {BEGIN} … {END}")
    return before + section + after


def main() -> int:
    """Draw everything, then write everything."""
    documents, pictures, failed = {}, {}, False
    for path in jobs():
        try:
            documents[path.stem], pictures[path.stem] = picture(path)
        except LasercamError as error:
            sys.stderr.write(f"{path.name}: {error}\n")
            failed = True
    if failed and "--keep-going" not in sys.argv[1:]:
        return 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, png in pictures.items():
        (PICTURES / f"{name}.png").write_bytes(png)
    README.write_text(with_gallery(README.read_text(encoding="utf-8"), table(documents)), encoding="utf-8")
    sys.stdout.write(f"{len(pictures)} pictures, {sum(map(len, pictures.values())):,} bytes\n")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
