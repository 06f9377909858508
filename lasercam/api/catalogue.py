"""What there is to choose from, a page about each, and what editors need to know."""

from lasercam.pipeline import catalogue as _catalogue
from lasercam.pipeline.catalogue import Entry as Entry
from lasercam.pipeline.catalogue import checks as checks
from lasercam.pipeline.catalogue import controllers as controllers
from lasercam.pipeline.catalogue import dialects as dialects
from lasercam.pipeline.catalogue import explainable as explainable
from lasercam.pipeline.catalogue import lasers as lasers
from lasercam.pipeline.catalogue import machines as machines
from lasercam.pipeline.catalogue import patterns as patterns
from lasercam.pipeline.catalogue import processes as processes
from lasercam.pipeline.job_schema import job_schema as job_schema
from lasercam.pipeline.job_schema import schema_of as schema_of
from lasercam.pipeline.templates import Template as Template
from lasercam.pipeline.templates import templates as templates
from lasercam.pipeline.templates import write_template as write_template


def pattern_types() -> list[str]:
    """Names that a pattern's `type` can have: shipped, installed and registered in this program."""
    from lasercam.pipeline import registry

    return registry.names(registry.SOURCES)


def explain(name: str) -> str:
    """The page about a finding code, process, machine, dialect, laser, controller, pattern type, shipped job or key.

    >>> print(explain("steps.repeat").splitlines()[0])
    steps.repeat: how many times; more than once is meant so

    Raises:
        UsageError: nothing has that name; the nearest one is named.
    """
    return "\n".join(_catalogue.explain(name))
