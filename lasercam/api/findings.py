"""What judging gives, and how long work tells of its progress; imports nothing heavy."""

from lasercam.model.finding import CodeInfo as CodeInfo
from lasercam.model.finding import Finding as Finding
from lasercam.model.finding import Severity as Severity
from lasercam.model.finding import Verdict as Verdict
from lasercam.pipeline.progress import SILENT as SILENT
from lasercam.pipeline.progress import Advance as Advance
from lasercam.pipeline.progress import Progress as Progress
