"""What a sample is said to be made of must add up: charges of its formula, masses and moles of what was weighed in."""

from collections.abc import Iterator

from lasercam.checks.tally import finding, info, place
from lasercam.errors import ParameterError
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.protocols import CheckContext
from lasercam.process.formula import charge, molar_mass_g_mol

MAX_MISMATCH = 0.05
"""Share by which a mass may miss amount times molar mass: more than a balance errs, less than one salt for another."""

COMPOSITION_CODES = (
    CodeInfo(
        "E_SUM_RULE",
        Severity.ERROR,
        "The sample's formula or weighed-in masses do not add up",
        "In a halide perovskite the charges cancel: with one Cs⁺ and one Pb²⁺ go three halides, so CsPbBr1.5I1.5 is "
        "one, and CsPbBr0.5I0.5, as a review writes, is none. A mass must be amount times molar mass within 5 %: "
        "62 mg of PbBr2 are 0.17 mmol, not 0.3 mmol, and a paper that prints 62 mg PbBr2 and 110 mg CsBr for 0.3 mmol "
        "each has exchanged them. Correct `sample: composition` or `weighed_in`.",
        "charges of the ions; standard atomic weights; conflict as printed in 10.1002/adom.202202407, Methods",
    ),
)


def sums(context: CheckContext) -> Iterator[Finding]:
    """Everything about the sample that does not add up."""
    sample = context.job.sample
    about = info(COMPOSITION_CODES, "E_SUM_RULE")
    if sample.composition:
        where = place(context, "sample", "composition")
        try:
            total = charge(sample.composition)
        except ParameterError as error:
            yield finding(about, str(error), "sample.composition", where, hint="Write it like CsPbBr1.5I1.5.")
            total = None
        if total is not None and abs(total) > 1e-6:
            many = "too few" if total > 0 else "too many"
            yield finding(
                about,
                f"the charges of {sample.composition} add up to {total:+g}: {abs(total):g} halides {many}",
                "sample.composition",
                where,
                value=total,
                limit=0.0,
                hint="CsPbX3 has three halides for each lead.",
            )
    for salt, weighed in sample.weighed_in.items():
        where = place(context, "sample", "weighed_in", salt)
        try:
            molar = molar_mass_g_mol(salt)
        except ParameterError as error:
            yield finding(about, str(error), f"sample.weighed_in.{salt}", where, hint="Write it like PbBr2.")
            continue
        expected = weighed.amount * molar
        if abs(weighed.mass - expected) > MAX_MISMATCH * expected:
            yield finding(
                about,
                f"{weighed.amount:g} mmol of {salt} ({molar:.2f} g/mol) are {expected:.4g} mg, not {weighed.mass:g} mg;"
                f" {weighed.mass:g} mg are {weighed.mass / molar:.4g} mmol",
                f"sample.weighed_in.{salt}",
                where,
                value=weighed.mass,
                limit=expected,
                unit="mg",
                hint="Look which of the two was weighed.",
            )
