"""Contracts for rooms of other packages: the promises that lasercam's own sources, checks and dialects are held to.

    from lasercam.testing import SourceContract

    class TestZigzag(SourceContract):
        kind = Zigzag
        examples = [{"type": "zigzag", "teeth": "3", "size": "5 um"}]

pytest finds the tests in the contract; see docs/extending.md.
"""

from lasercam.testing.checks import CheckContract as CheckContract
from lasercam.testing.demand import hold as hold
from lasercam.testing.dialects import DialectContract as DialectContract
from lasercam.testing.sources import SourceContract as SourceContract
from lasercam.testing.sources import make_source as make_source
