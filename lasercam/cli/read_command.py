"""`lasercam read`: files, codes and texts out of pictures."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lasercam.cli.terminal import FORMAT, echo_json, progress

if TYPE_CHECKING:
    from lasercam.api.reading import Key, Readings, Tone


@click.command("read")
@click.argument("images", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--job",
    type=click.Path(exists=True, path_type=Path),
    help="The job, or its build, whose codes are looked for; other texts then count as none.",
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
@click.option("--overlay", is_flag=True, help="IMAGES show two shares: lay them on each other.")
@click.option("--keep-images", is_flag=True, help="Write the simulated images too, to OUTPUT/images.")
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
    overlay: bool,  # noqa: FBT001
    keep_images: bool,  # noqa: FBT001
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
    from lasercam.api.reading import has_shares, read_images, read_simulated

    if overlay or (job is not None and has_shares(job)):
        return _shares(images, job, tone, output, form, overlay=overlay)
    key = _key(key_file, passphrase_from)
    if simulate is None:
        found = read_images(images, job, tone=tone, key=key, progress=progress())
    else:
        kept = output / "images" if keep_images and output is not None else None
        found = read_simulated(simulate, channel, seed=seed, key=key, kept=kept, progress=progress())
    return _report(found, output, form)


def _key(key_file: Path | None, passphrase_from: str | None) -> "Key | None":
    import os

    from lasercam.api.reading import Passphrase, is_variable, load_key
    from lasercam.errors import UsageError

    if key_file is not None and passphrase_from is not None:
        raise UsageError("a file is opened by a key file or by a passphrase, not by both")
    if key_file is not None:
        return load_key(key_file)
    if passphrase_from is None:
        return None
    if not is_variable(passphrase_from):
        # It may be the passphrase itself: it is not repeated.
        raise UsageError("--passphrase-from takes the NAME of an environment variable, never the passphrase")
    if not os.environ.get(passphrase_from):
        raise UsageError(
            f"the environment variable {passphrase_from} holds no passphrase; set it for this command only:"
            f" read -rs {passphrase_from} && export {passphrase_from}"
        )
    return Passphrase(os.environ[passphrase_from])


def _shares(
    images: tuple[Path, ...], job: Path | None, tone: "Tone", output: Path | None, form: str, *, overlay: bool
) -> int:
    from lasercam.api.reading import read_overlay, share_facts, share_sentences, write_secrets

    seen, others = read_overlay(images, job, tone=tone, overlay=overlay)
    if others:
        click.echo(f"not looked for, since this job has shares: {', '.join(others)}", err=True)
    written = write_secrets(seen, output) if output is not None else []
    if form == "json":
        echo_json({**share_facts(seen), "written": [str(path) for path in written]})
        return 0 if seen.is_right and not seen.refusals else 1
    for line in share_sentences(seen):
        click.echo(line)
    for path in written:
        click.echo(f"written: {path}")
    return 0 if seen.is_right and not seen.refusals else 1


def _report(found: "Readings", output: Path | None, form: str) -> int:
    from lasercam.api.reading import write_reading

    written = write_reading(found.stored, output) if output is not None and found.stored.files else []
    if form == "json":
        echo_json({**found.data(), "written": [str(path) for path in written]})
    else:
        _echo(found)
        for path in written:
            click.echo(f"written: {path}")
        if output is None and found.is_anything_whole:
            click.echo("Give -o FOLDER to keep what was read.")
    return 0 if found.holds else 1


def _echo(found: "Readings") -> None:
    from lasercam.api.reading import is_of_job, sentences, text_sentences
    from lasercam.errors import shorten

    for text in found.texts:
        for number, line in enumerate(text_sentences(text)):
            colour = "green" if is_of_job(text) and not number else None
            click.secho(("  " if number else "") + line, fg=colour)
    for read in found.stored.files:
        for number, line in enumerate(sentences(read)):
            colour = None if number else ("green" if read.content is not None else "red")
            click.secho(("  " if number else "") + line, fg=colour)
    for code in found.codes:
        whose = f"{code['pattern']}, " if code["pattern"] else ("not of this job, " if found.expected else "")
        places = [code["image"] if found.stored.images > 1 else "", code["panel"], code["look"]]
        click.echo(f"{shorten(code['text'], 4_000)}  ({whose}{', '.join(filter(None, places))})")
    for line in found.not_shown:
        click.echo(line)
    if not found.stored.files and not found.codes and not found.texts:
        click.echo("Neither a page of stored data nor a QR code was found.", err=True)
    told = {code["image"] for code in found.codes}
    for title, said in found.stored.missed.items():
        if title not in told:
            click.echo(f"{title}: {'; '.join(said)}", err=True)
