"""A simulated microscope over pages of stored data, wherever their voxels are known from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lasercam.channel.camera import LayerInView, View, photograph
from lasercam.channel.filters import BandPass, bands, colour_camera
from lasercam.channel.model import ChannelDocument
from lasercam.channel.voxels import Glow, VoxelSheet, make
from lasercam.errors import InputError, Problem
from lasercam.model.camera_image import CameraImage
from lasercam.sources.payload.sites import PageSites


@dataclass(frozen=True, eq=False)
class PageCamera:
    """Takes pictures of pages.

    Attributes:
        name: of the pattern, for titles.
        sites: where its voxels lie.
        glows: kinds of voxel.
        filters: one per channel of the pictures.
        channel: what goes wrong.
        refractive_index: of the sample.
        seed: of everything random; page by page the same from any side.
        sheet: voxels of the page at a place, in its own frame.
    """

    name: str
    sites: PageSites
    glows: Sequence[Glow]
    filters: tuple[BandPass, ...]
    channel: ChannelDocument
    refractive_index: float
    seed: tuple[int, ...]
    sheet: Callable[[int], VoxelSheet]

    def picture(self, place: int) -> CameraImage:
        """One page, with the layers above and below it out of focus."""
        sites = self.sites
        around = [p for p in (place - sites.per_layer, place + sites.per_layer) if 0 <= p < sites.pages]
        layers = [self._layer(place, 0.0), *(self._layer(p, sites.layer_pitch_um) for p in around)]
        title = f"{self.name}, layer {sites.layer(place) + 1}, field {place % sites.per_layer + 1}"
        view = View(sites.page_size_um, sites.pitch_um, self.refractive_index, title)
        return photograph(layers, self.glows, self.filters, self.channel, view, (*self.seed, place))

    def _layer(self, place: int, defocus_um: float) -> LayerInView:
        seed, size = (*self.seed, place), self.sites.page_size_um
        return LayerInView(make(self.sheet(place), self.glows, self.channel, seed, size), defocus_um)


def filters_for(glows: Sequence[Glow], channel: ChannelDocument, pattern: str) -> tuple[BandPass, ...]:
    """The channels of pictures of voxels that glow so.

    Raises:
        InputError: none of them glows.
    """
    peaks = [line.peak_nm for glow in glows for line in glow.lines]
    if not peaks:
        text = f"pattern '{pattern}' glows nowhere: neither its processes nor its 'levels' say how"
        raise InputError(Problem(text, None, "Give `levels:`, each with a measured peak and its source."))
    return bands(peaks) if channel.looking.channels == "bands" else colour_camera()
