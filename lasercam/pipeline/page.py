"""Pages of a build: templates filled with a job's text, none of which can become markup. The one place with jinja2."""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


def page(template: str, **values: Any) -> str:
    """A filled page.

    Args:
        template: name of a file in `pages`.
        values: what the template asks for; everything it asks for must be there. Texts are escaped.
    """
    return _environment().get_template(template).render(values, css=markup(paper_css()))


def markup(ours: str) -> Any:
    """Text that is markup already and is put into a page as it is; never a job's own."""
    from markupsafe import Markup

    return Markup(ours)  # noqa: S704 - the caller vouches for it


@cache
def paper_css() -> str:
    """Style of all pages: a screen's, and that of paper in whatever size the printer has."""
    return (files("lasercam.pipeline") / "pages" / "paper.css").read_text(encoding="utf-8").rstrip()


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    folder = files("lasercam.pipeline") / "pages"
    return Environment(
        loader=FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
