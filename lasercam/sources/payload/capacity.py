"""What a payload costs: bytes by cause, density, pages, and how long writing takes."""

import csv
import io
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from lasercam.model.feature import Parts
from lasercam.model.protocols import PartExposure, PatternUse
from lasercam.sources.payload.sites import PageSites
from lasercam.storage.container import describe
from lasercam.storage.page import CHECK_BYTES
from lasercam.storage.page_layout import Role
from lasercam.storage.volume import Volume

_UM3_PER_MM3 = 1e9
_DAY_S = 86_400.0
NS_PER_S = 1e9


def capacity_notes(
    volume: Volume, sites: PageSites, repaired: Mapping[int, NDArray[np.bool_]] | None
) -> tuple[str, ...]:
    """The payload in a few sentences."""
    plan, code = volume.plan, volume.plan.code
    pages = len(plan.addresses)
    said = [
        f"{_described(volume.container)}: {pages:,} page{'s' * (pages != 1)} of {code.content_bytes:,} bytes, of which"
        f" {pages - plan.data_pages:,} are parity, in {sites.layers:,} layer{'s' * (sites.layers != 1)}.",
        f"Pages are {sites.columns} by {sites.rows} voxels with {code.layout.levels} levels;"
        f" {written_voxels(volume):,} voxels altogether, {_bits_per_voxel(volume):.3g} bits of the container a voxel.",
    ]
    if volume.presence:
        said.append("Level 0 is no voxel, so a lost voxel reads as data: only half as many losses are put right.")
    if plan.group_parity == 0:
        said.append("There is no parity over pages: one lost page loses the file.")
    if repaired is not None:
        count = sum(int(mask.sum()) for mask in repaired.values())
        said.append(f"Repair: of all voxels {count:,} on {len(repaired):,} pages are written, and no others.")
    return tuple(said)


def written_voxels(volume: Volume) -> int:
    """Voxels of all pages; of presence, half the data are taken to be there."""
    roles = volume.plan.code.layout.roles
    lit = int((roles != Role.DARK).sum())
    if volume.presence:
        lit -= int((roles == Role.DATA).sum()) // 2
    return lit * len(volume.plan.addresses)


def capacity_report(volume: Volume, sites: PageSites, use: PatternUse, parts: Parts) -> bytes:
    """The whole account, for a person: where the voxels go, and how long it takes."""
    lines = [*_byte_lines(volume), "", *_voxel_lines(volume, sites), "", *_time_lines(volume, use, parts)]
    return ("\n".join(lines) + "\n").encode()


def page_table(volume: Volume, sites: PageSites, use: PatternUse) -> bytes:
    """Where each page lies on the sample, as CSV: its middle, in every copy."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("copy", "page", "kind", "layer", "x_um", "y_um", "depth_um"))
    half = np.array([(sites.columns - 1) * sites.pitch_um[0], (sites.rows - 1) * sites.pitch_um[1], 0.0]) / 2.0
    middles = np.array([sites.corner_um(i) for i in range(sites.pages)]) + half
    for copy, to_sample in enumerate(use.to_sample):
        for place, (address, middle) in enumerate(
            zip(volume.plan.addresses.tolist(), to_sample(middles).tolist(), strict=True)
        ):
            kind = "parity" if volume.plan.is_parity(address) else "data"
            writer.writerow((copy + 1, address, kind, sites.layer(place) + 1, *(f"{v:.4f}" for v in middle)))
    return text.getvalue().encode()


def _described(container: bytes) -> str:
    """A container in words that give nothing away."""
    about = describe(container)
    locked = f", locked with {about.cipher.name.lower().replace('_', '-')}" if about.is_locked else ""
    return f"{about.container_bytes:,} bytes{locked}"


def _bits_per_voxel(volume: Volume) -> float:
    return 8.0 * len(volume.container) / written_voxels(volume)


def _byte_lines(volume: Volume) -> Iterator[str]:
    plan, code = volume.plan, volume.plan.code
    pages, layout = len(plan.addresses), code.layout
    raw = pages * layout.data_bytes
    used = len(volume.container)
    causes = (
        ("container", used, _described(volume.container)),
        ("Reed-Solomon parity", pages * code.codewords * code.parity, f"{code.parity} of {code.length} in a codeword"),
        ("page checks", pages * CHECK_BYTES, "CRC-32"),
        ("parity pages", (pages - plan.data_pages) * code.content_bytes, f"{plan.group_parity} per group"),
        ("rest of the last page", plan.data_pages * code.content_bytes - used, "zeros"),
        ("short codewords", pages * (layout.data_bytes - code.codewords * code.length), "filling"),
    )
    yield "Bytes in data voxels"
    for name, count, why in causes:
        yield f"  {name:24} {count:>16,}  {100.0 * count / raw:6.2f} %  {why}"
    yield f"  {'altogether':24} {raw:>16,}  100.00 %"


def _voxel_lines(volume: Volume, sites: PageSites) -> Iterator[str]:
    layout = volume.plan.code.layout
    counts = np.bincount(layout.roles.reshape(-1), minlength=len(Role))
    pages = len(volume.plan.addresses)
    yield "Voxels"
    for name, role in (("data", Role.DATA), ("pilots", Role.PILOT), ("headers", Role.HEADER), ("marks", Role.MARK)):
        yield f"  {name:24} {int(counts[role]) * pages:>16,}  {100.0 * counts[role] / counts[1:].sum():6.2f} %"
    width, height, _ = sites.size_um
    volume_mm3 = (
        (width + sites.pitch_um[0]) * (height + sites.pitch_um[1]) * sites.layers
        * (sites.layer_pitch_um or sites.pitch_um[0]) / _UM3_PER_MM3
    )  # fmt: skip
    stored = len(volume.container)
    yield f"  {'density':24} {stored / volume_mm3:>16,.0f}  bytes per mm3 of glass, gaps between pages included"
    yield f"  {'size':24} {width / 1e3:.4g} mm x {height / 1e3:.4g} mm, {sites.layers:,} layers"


def _time_lines(volume: Volume, use: PatternUse, parts: Parts) -> Iterator[str]:
    yield f"Time with the beam on, {len(use.to_sample)} cop{'y' if len(use.to_sample) == 1 else 'ies'}"
    total = 0.0
    share = part_shares(volume)
    for exposure in use.exposures:
        atom = parts.atoms.index(exposure.part)
        each = _exposure_s(exposure, atom % volume.plan.code.layout.levels)
        if each is None:
            yield f"  {exposure.step}, {exposure.part}: unknown"
            continue
        seconds = share[atom] * each * len(use.to_sample)
        total += seconds
    yield f"  {'altogether':24} {total:>16,.1f} s = {total / _DAY_S:.3g} days; moves between voxels come on top"
    if total > 0.0:
        rate = 8.0 * len(volume.container) * len(use.to_sample) / total
        yield f"  {'rate':24} {rate:>16,.3g} bits of the container per second"


def part_shares(volume: Volume) -> NDArray[np.float64]:
    """Voxels of each atom, float64 (2 levels + 1,): data as scrambled, so every level as often as the others."""
    layout = volume.plan.code.layout
    pages, levels = len(volume.plan.addresses), layout.levels
    counts = np.bincount(layout.roles.reshape(-1), minlength=len(Role))
    shares = np.zeros(2 * levels + 1)
    shares[:levels] = counts[Role.DATA] / levels
    bits = volume.header(int(volume.plan.addresses[0])).voxel_bits()
    shares[levels - 1] += 2 * int(bits.sum())
    shares[0] += 2 * int((~bits).sum())
    shares[levels : 2 * levels] = np.bincount(layout.pilot_levels, minlength=levels)
    shares[2 * levels] = counts[Role.MARK]
    if volume.presence:
        shares[[0, levels]] = 0.0
    return shares * pages


def _exposure_s(exposure: PartExposure, level: int) -> float | None:
    """Time of one voxel; None where the recipe does not say."""
    recipe = exposure.members[level if len(exposure.members) > 1 else 0]
    if recipe.exposure_ns:
        return recipe.exposure_ns / NS_PER_S
    return recipe.pulses / recipe.laser.rep_rate_hz if recipe.pulses and recipe.laser.rep_rate_hz else None
