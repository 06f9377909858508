"""Random jobs for the runner."""

from random import Random

from lasercam.model.toolpath import RowKind, Toolpath
from tests.support import builders

Listed = list[tuple[RowKind, tuple[float, float, float], int]]


def random_strokes(
    random: Random, count: int, segments: tuple[int, ...], lengths: tuple[int, ...], run_out_um: float = 20.0
) -> Listed:
    """Strokes and dots, each at a place of its own, so that every piece of exposure belongs to one row."""
    listed: Listed = []
    for index in range(count):
        y = 100.0 * index
        x = float(random.randint(0, 500))
        if random.random() < 0.4:
            if random.random() < 0.5:
                listed.append((RowKind.JUMP, (x, y, 0.0), 0))
            listed.append((RowKind.DOT, (x, y, 0.0), 1))
            continue
        listed += [(RowKind.JUMP, (x, y, 0.0), 0), (RowKind.LEAD, (x + 20, y, 0.0), 0)]
        at = x + 20
        for _ in range(random.choice(segments)):
            at += random.choice(lengths) if at < 6000 else 100
            listed.append((RowKind.LINE, (at, y, 0.0), 0))
        listed.append((RowKind.LEAD, (at + run_out_um, y, 0.0), 0))
    return listed


def random_toolpath(random: Random) -> Toolpath:
    """Anything, lines of 3 s among it."""
    listed = random_strokes(random, random.randint(4, 40), (1, 1, 1, 2, 3, 8, 30), (20, 50, 100, 400, 3000))
    recipes = (builders.line_recipe(float(random.choice((1000, 4000, 8000)))), builders.dot_recipe(0.1, name="dots"))
    return builders.toolpath(recipes, [builders.rows(listed)])
