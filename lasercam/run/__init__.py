"""Executing job files on a controller: streaming, journal, pause, abort, resumption. Nothing is exposed twice."""
