"""A demand that a contract makes."""


def hold(truth: object, message: str) -> None:
    """Raise AssertionError with the message unless it is so; kept when Python runs with -O."""
    if not truth:
        raise AssertionError(message)
