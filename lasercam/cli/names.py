"""Names that shells complete: looked up when a person asks for them."""

import click


def shipped_jobs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 # as click asks
    """Templates of `lasercam new`."""
    from lasercam.api.catalogue import templates

    return [one.name for one in templates() if one.name.startswith(incomplete)]


def explained(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 # as click asks
    """What `lasercam explain` tells about."""
    from lasercam.api.catalogue import explainable

    return [name for name in explainable() if name.startswith(incomplete)]
