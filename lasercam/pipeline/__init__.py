"""From a job file to proven job files and back: load, judge, build, verify."""
