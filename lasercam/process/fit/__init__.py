"""Fits of a process's response to the measured table of an experiment grid."""
