"""What was done to a sample, across jobs and days."""

from lasercam.pipeline.ledger import Ledger as Ledger
from lasercam.pipeline.ledger import LedgerEntry as LedgerEntry
from lasercam.pipeline.ledger import add_build as add_build
from lasercam.pipeline.ledger import read_ledger as read_ledger
