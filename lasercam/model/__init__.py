"""The nouns: jobs, samples, machines, recipes, features, toolpaths, findings, and the protocols rooms meet by."""
