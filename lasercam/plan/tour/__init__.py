"""Short paths through dots and reversible lines: greedy edges, 2-opt and Or-opt, then local kicks."""
