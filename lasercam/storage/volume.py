"""All pages of a file: its container cut into pages, in groups that can lose some of theirs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import ParameterError
from lasercam.storage.page import PageCode, encode_page
from lasercam.storage.page_groups import parity_pages, recover
from lasercam.storage.page_header import MOST_PAGES, PageHeader


@dataclass(frozen=True)
class VolumePlan:
    """How a container of some length is cut into pages.

    `data_pages` chunks fill a table of `group_data` rows and `groups` columns, row by row; what stays empty in its
    last rows is zeros that nobody writes. Below it stand `group_parity` rows of parity. A column is a group: any
    `group_data` of its pages give back the others. The address of a page is its row times `groups` plus its column, so
    neighbours on the sample belong to different groups, and parity lies far from what it protects.

    Attributes:
        code: of every page.
        container_bytes: length of the container.
        group_data, group_parity: pages of a group.

    Raises:
        ParameterError: more pages than addresses.
    """

    code: PageCode
    container_bytes: int
    group_data: int
    group_parity: int

    def __post_init__(self) -> None:
        if self.rows * self.groups > MOST_PAGES:
            raise ParameterError(
                f"{self.container_bytes:,} bytes take {self.rows * self.groups:,} pages; {MOST_PAGES:,} have addresses"
            )

    @property
    def data_pages(self) -> int:
        """Pages that hold the container."""
        return -(-self.container_bytes // self.code.content_bytes)

    @property
    def groups(self) -> int:
        """Columns of the table."""
        return -(-self.data_pages // self.group_data)

    @property
    def rows(self) -> int:
        """Pages of a group, written or not."""
        return self.group_data + self.group_parity

    @cached_property
    def addresses(self) -> NDArray[np.int64]:
        """int64 (pages,), addresses of the pages that are written, rising."""
        first_parity = self.group_data * self.groups
        return np.concatenate((np.arange(self.data_pages), np.arange(first_parity, self.rows * self.groups)))

    def is_parity(self, address: int) -> bool:
        """Whether a page holds parity over others."""
        return address >= self.group_data * self.groups


def plan_volume(container_bytes: int, code: PageCode, group_data: int, group_parity: int) -> VolumePlan:
    """The plan of a container; groups are no larger than needed, and all alike.

    Args:
        container_bytes: at least one.
        code: of every page.
        group_data: most pages of data in a group.
        group_parity: pages of parity in every group.
    """
    data_pages = -(-container_bytes // code.content_bytes)
    groups = -(-data_pages // group_data)
    return VolumePlan(code, container_bytes, -(-data_pages // groups), group_parity)


@dataclass(frozen=True, eq=False)
class Volume:
    """A container and the pages it is written as.

    Attributes:
        container: its bytes.
        plan: how it is cut.
        presence: whether level 0 is an empty site.
    """

    container: bytes
    plan: VolumePlan
    presence: bool = False

    def header(self, address: int) -> PageHeader:
        """The header of a page."""
        plan = self.plan
        return PageHeader(
            plan.code.layout, plan.code.parity, address, plan.data_pages, plan.group_data, plan.group_parity,
            self.file_id, plan.container_bytes, self.presence,
        )  # fmt: skip

    @cached_property
    def file_id(self) -> bytes:
        """First four bytes of the container's SHA-256."""
        return sha256(self.container).digest()[:4]

    def content(self, address: int) -> bytes:
        """What a page holds."""
        row, column = divmod(address, self.plan.groups)
        size = self.plan.code.content_bytes
        return self._table[row, column * size : (column + 1) * size].tobytes()

    def page(self, address: int) -> NDArray[np.uint8]:
        """Levels of a page: uint8 (rows, columns)."""
        return encode_page(self.header(address), self.content(address))

    def pages(self) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Address and levels of every page that is written."""
        for address in self.plan.addresses.tolist():
            yield address, self.page(address)

    @cached_property
    def _table(self) -> NDArray[np.uint8]:
        """uint8 (rows, groups × content_bytes)."""
        plan = self.plan
        width = plan.groups * plan.code.content_bytes
        flat = np.zeros(plan.group_data * width, np.uint8)
        flat[: len(self.container)] = np.frombuffer(self.container, np.uint8)
        data = flat.reshape(plan.group_data, width)
        return np.concatenate((data, parity_pages(data, plan.group_parity)))


@dataclass(frozen=True, eq=False)
class Assembled:
    """A container put together from pages.

    Attributes:
        container: its bytes, zeros where nothing could be had.
        lost: addresses of data pages that could not be had.
        recovered: addresses of data pages that parity gave back.
        missing: addresses of pages of either kind that were not read.
    """

    container: bytes
    lost: tuple[int, ...]
    recovered: tuple[int, ...]
    missing: tuple[int, ...]

    @property
    def complete(self) -> bool:
        """Whether every byte is there; the container's own checks still have the last word."""
        return not self.lost

    def available(self, content_bytes: int) -> int:
        """Bytes from the start that are there without a gap."""
        return len(self.container) if self.complete else min(len(self.container), min(self.lost) * content_bytes)


def assemble(header: PageHeader, contents: Mapping[int, bytes]) -> Assembled:
    """The container from the pages that could be read.

    Args:
        header: of any page of the file.
        contents: by address.
    """
    plan = VolumePlan(
        PageCode(header.layout, header.parity), header.container_bytes, header.group_data, header.group_parity
    )
    size = plan.code.content_bytes
    table = np.zeros((plan.group_data, plan.groups, size), np.uint8)
    lost: list[int] = []
    recovered: list[int] = []
    for column in range(plan.groups):
        known = {
            row: np.frombuffer(contents[row * plan.groups + column], np.uint8)
            for row in range(plan.rows)
            if row * plan.groups + column in contents
        }
        # What nobody writes is known to be zeros.
        unwritten = range(-(-(plan.data_pages - column) // plan.groups), plan.group_data)
        known.update({row: np.zeros(size, np.uint8) for row in unwritten})
        gone = [row for row in range(plan.group_data) if row not in known]
        for row in range(plan.group_data):
            if row in known:
                table[row, column] = known[row]
        if not gone:
            continue
        if len(known) >= plan.group_data:
            table[:, column] = recover(known, plan.group_data, plan.group_parity)
            recovered.extend(row * plan.groups + column for row in gone)
        else:
            lost.extend(row * plan.groups + column for row in gone)
    missing = tuple(a for a in plan.addresses.tolist() if a not in contents)
    container = table.reshape(-1)[: plan.container_bytes].tobytes()
    return Assembled(container, tuple(sorted(lost)), tuple(sorted(recovered)), missing)
