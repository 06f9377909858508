"""`lasercam read`: files, codes and texts out of pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lasercam.cli.terminal import FORMAT, echo_json, progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lasercam.pipeline.hidden_texts import TextInPicture
    from lasercam.pipeline.reading import Reading
    from lasercam.readback.images import Tone
    from lasercam.storage.keys import Key


@click.command("read")
@click.argument("images", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--job",
    type=click.Path(exists=True, path_type=Path),
    help="The job, or its build, whose codes and texts are looked for; others then count as none.",
)
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), help="Folder for what is read.")
@click.option("--key-file", type=click.Path(dir_okay=False, path_type=Path), help="Opens a file locked with a key.")
@click.option("--passphrase-from", metavar="VARIABLE", help="Environment variable that holds the passphrase.")
@click.option(
    "--tone",
    type=click.Choice(["auto", "linear", "srgb"]),
    default="auto",
    show_default=True,
    help="How pixel values follow light; auto: 16 bit linear, 8 bit colour and JPEG sRGB.",
)
@click.option(
    "--simulate",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Instead of images: photograph the stored data of a build through a simulated channel.",
)
@click.option("--channel", default="bench", show_default=True, help="Preset or file of the channel for --simulate.")
@click.option("--seed", type=click.IntRange(0, 2**32), default=0, help="Of everything random in --simulate.")
@click.option("--keep-images", is_flag=True, help="Write the simulated images too, to OUTPUT/images.")
@click.option("--overlay", is_flag=True, help="Lay two pictures of shares on each other, and read what they show.")
@FORMAT
def command(
    images: tuple[Path, ...],
    job: Path | None,
    output: Path | None,
    key_file: Path | None,
    passphrase_from: str | None,
    tone: "Tone",
    simulate: Path | None,
    channel: str,
    seed: int,
    keep_images: bool,  # noqa: FBT001
    overlay: bool,  # noqa: FBT001
    form: str,
) -> int:
    """Read stored data, QR codes, hidden texts and shares in IMAGES: photographs, tiles, or lasercam's own views.

    Folders stand for the images in them. Grey files named NAME.CHANNEL.png are the channels of one image. Pages of
    stored data say themselves what they are; no job file is needed. Prints what was found; with -o the files, an
    account of every page, the missing voxels and a map are written. Exit code 1 when nothing was found, not
    everything that was asked for, or not whole.
    """
    from lasercam.errors import UsageError

    if bool(images) == (simulate is not None):
        raise UsageError("name images to read, or a build with --simulate DIR; one of them")
    if keep_images and (output is None or simulate is None):
        raise UsageError("--keep-images writes what --simulate shows to a folder named with -o")
    if overlay and simulate is not None:
        raise UsageError("--overlay lays two pictures on each other; --simulate makes its own")
    if overlay or (job is not None and not simulate and _has_shares(job)):
        return _read_shares(images, job, tone, output, form, overlay=overlay)
    key = _key(key_file, passphrase_from)
    if simulate is not None:
        return _report(_simulated(simulate, channel, seed, key, output if keep_images else None), [], {}, output, form)
    return _read_files(images, job, tone, key, output, form)


def _key(key_file: Path | None, passphrase_from: str | None) -> "Key | None":
    import os

    from lasercam.errors import UsageError
    from lasercam.storage.keys import Passphrase, load_key

    if key_file is not None and passphrase_from is not None:
        raise UsageError("a file is opened by a key file or by a passphrase, not by both")
    if key_file is not None:
        return load_key(key_file)
    if passphrase_from is None:
        return None
    if not os.environ.get(passphrase_from):
        raise UsageError(
            f"the environment variable {passphrase_from} holds no passphrase; set it for this command only:"
            f" read -rs {passphrase_from} && export {passphrase_from}"
        )
    return Passphrase(os.environ[passphrase_from])


def _simulated(folder: Path, channel: str, seed: int, key: "Key | None", kept: Path | None) -> "Reading":
    from lasercam.errors import InputError, Problem
    from lasercam.pipeline.channels import find_channel
    from lasercam.pipeline.load import load_job
    from lasercam.pipeline.planning import plan_job
    from lasercam.pipeline.reading import read_stored
    from lasercam.pipeline.reading_files import kept_images
    from lasercam.pipeline.simulated_pages import simulated_pages
    from lasercam.pipeline.verify import verify_build

    model = find_channel(channel)
    proof = verify_build(folder, progress())
    if not proof.holds:
        raise InputError(Problem(f"'{folder}' is not proven: {proof.mismatches[0]}", None, "Run `lasercam verify`."))
    loaded = load_job(folder)
    pictures, total = simulated_pages(folder, loaded, plan_job(loaded), model, seed=seed, progress=progress())
    if kept is not None:
        pictures = kept_images(
            pictures, kept / "images", f"simulated by lasercam, channel {model.channel}, seed {seed}"
        )
    return read_stored(pictures, key, progress(), total=total)


def _read_files(
    paths: tuple[Path, ...], job: Path | None, tone: "Tone", key: "Key | None", output: Path | None, form: str
) -> int:
    from lasercam.errors import InputError, Problem
    from lasercam.pipeline.camera_files import codes_in, image_files, load_all
    from lasercam.pipeline.reading import read_stored

    groups = image_files(paths)
    expected: dict[bytes, str] = {}
    texts: list[TextInPicture] = []
    if job is not None:
        from lasercam.pipeline.hidden_texts import hidden_texts, panel_images, read_hidden_texts
        from lasercam.pipeline.load import load_job
        from lasercam.pipeline.readability import payloads

        loaded = load_job(job)
        expected, cells = payloads(loaded), hidden_texts(loaded)
        if not expected and not cells:
            raise InputError(Problem(f"no pattern of '{job}' carries a code, hides a text or is made of shares"))
        if cells:
            texts = read_hidden_texts(list(panel_images(groups, tone)), cells, progress())
        if not expected:
            return _report_texts(texts, form)
    reading = read_stored(load_all(groups, tone), key, progress(), total=len(groups))
    codes = [
        {"image": path.name, **code}
        for number in reading.pageless
        for path in groups[number]
        for code in codes_in(path, expected)
    ]
    told = _report_texts(texts, form) if texts and form != "json" else 1
    return min(told, _report(reading, codes, expected, output, form, texts))


def _has_shares(job: Path) -> bool:
    from lasercam.pipeline.load import load_job
    from lasercam.pipeline.overlays import share_patterns

    return bool(share_patterns(load_job(job)))


def _read_shares(
    paths: tuple[Path, ...], job: Path | None, tone: "Tone", output: Path | None, form: str, *, overlay: bool
) -> int:
    from lasercam.pipeline.camera_files import image_files
    from lasercam.pipeline.hidden_texts import hidden_texts, panel_images
    from lasercam.pipeline.load import load_job
    from lasercam.pipeline.overlays import read_shares, share_facts, share_patterns, share_sentences, write_secrets
    from lasercam.pipeline.readability import payloads

    loaded = load_job(job) if job is not None else None
    patterns = share_patterns(loaded) if loaded is not None else {}
    others = sorted({*payloads(loaded).values(), *hidden_texts(loaded)}) if loaded is not None else []
    if others:
        click.echo(f"not looked for, since this job has shares: {', '.join(others)}", err=True)
    seen = read_shares(list(panel_images(image_files(paths), tone)), patterns, overlay=overlay)
    written = write_secrets(seen, output) if output is not None else []
    if form == "json":
        echo_json({**share_facts(seen), "written": [str(path) for path in written]})
    else:
        for line in share_sentences(seen):
            click.echo(line)
        for path in written:
            click.echo(f"written: {path}")
    return 0 if seen.is_right and not seen.refusals else 1


def _report_texts(texts: "list[TextInPicture]", form: str) -> int:
    """Says what every picture shows of every text; 0 when any shows a message of the job."""
    from lasercam.pipeline.hidden_texts import is_of_job, text_facts, text_sentences

    if form == "json":
        echo_json({"texts": [text_facts(one) for one in texts]})
    else:
        for one in texts:
            for number, line in enumerate(text_sentences(one)):
                click.secho(("  " if number else "") + line, fg="green" if is_of_job(one) and not number else None)
    return 0 if any(is_of_job(one) for one in texts) else 1


def _report(
    reading: "Reading",
    codes: list[dict[str, Any]],
    expected: dict[bytes, str],
    output: Path | None,
    form: str,
    texts: "Sequence[TextInPicture]" = (),
) -> int:
    from lasercam.pipeline.hidden_texts import text_facts
    from lasercam.pipeline.reading import file_facts
    from lasercam.pipeline.reading_files import write_reading

    written = write_reading(reading, output) if output is not None and reading.files else []
    found = {code["bytes"] for code in codes}
    missing = [name for payload, name in expected.items() if payload.hex() not in found]
    told_by_codes = {code["image"] for code in codes}
    if form == "json":
        echo_json({
            "images": reading.images,
            "files": [file_facts(read) for read in reading.files],
            "codes": codes,
            "not_found": missing,
            "not_read": {title: list(said) for title, said in reading.missed.items()},
            "written": [str(path) for path in written],
            **({"texts": [text_facts(one) for one in texts]} if texts else {}),
        })  # fmt: skip
    else:
        _echo(reading, codes, expected, told_by_codes)
        for path in written:
            click.echo(f"written: {path}")
        if output is None and any(read.content is not None for read in reading.files):
            click.echo("Give -o FOLDER to keep what was read.")
    asked = [code for code in codes if not expected or code["pattern"]]
    return 0 if (reading.whole or (asked and not reading.files)) else 1


def _echo(reading: "Reading", codes: list[dict[str, Any]], expected: dict[bytes, str], told: set[str]) -> None:
    from lasercam.errors import shorten
    from lasercam.pipeline.reading import sentences

    for read in reading.files:
        for number, line in enumerate(sentences(read)):
            colour = None if number else ("green" if read.content is not None else "red")
            click.secho(("  " if number else "") + line, fg=colour)
    for code in codes:
        whose = f"{code['pattern']}, " if code["pattern"] else ("not of this job, " if expected else "")
        places = [code["image"] if reading.images > 1 else "", code["panel"], code["look"]]
        click.echo(f"{shorten(code['text'], 4_000)}  ({whose}{', '.join(filter(None, places))})")
    for line in _not_shown(codes, expected):
        click.echo(line)
    if not reading.files and not codes:
        click.echo("Neither a page of stored data nor a QR code was found.", err=True)
    for title, said in reading.missed.items():
        if title not in told:
            click.echo(f"{title}: {'; '.join(said)}", err=True)


def _not_shown(codes: list[dict[str, Any]], expected: dict[bytes, str]) -> "Iterator[str]":
    """Codes of the job that a picture with another one of them does not show."""
    shown: dict[tuple[str, str], set[str]] = {}
    for code in codes:
        if code["pattern"]:
            shown.setdefault((code["image"], code["panel"]), set()).add(code["pattern"])
    for place, patterns in shown.items():
        absent = [name for name in expected.values() if name not in patterns]
        if absent:
            yield f"{', '.join(filter(None, place))}: {', '.join(absent)} not shown"
