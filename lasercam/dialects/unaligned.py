"""Eight bytes at a time, at any place of a byte array: what compiled kernels copy and print text with.

Importing this imports numba.
"""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.extending import intrinsic

_intrinsic: Any = intrinsic
_WORD = ir.IntType(64)


def _pointer(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, args[0])
    return builder.bitcast(builder.gep(array.data, [args[1]]), _WORD.as_pointer())


@_intrinsic  # type: ignore[untyped-decorator]
def load64(_typing: Any, array: Any, at: Any) -> Any:
    """Bytes `at` to `at + 7` of a uint8 array as uint64, the first byte lowest; the caller keeps within the array."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        loaded = builder.load(_pointer(context, builder, signature, args))
        loaded.align = 1
        return loaded

    return types.uint64(array, at), generate


@_intrinsic  # type: ignore[untyped-decorator]
def store64(_typing: Any, array: Any, at: Any, word: Any) -> Any:
    """Write uint64 `word` to bytes `at` to `at + 7` of a uint8 array; the caller keeps within the array."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        stored = builder.store(args[2], _pointer(context, builder, signature, args))
        stored.align = 1
        return context.get_dummy_value()

    return types.void(array, at, word), generate


@_intrinsic  # type: ignore[untyped-decorator]
def trailing_zeros(_typing: Any, word: Any) -> Any:
    """How many of the lowest bits of a uint64 are 0; 64 for 0."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(word), generate


@_intrinsic  # type: ignore[untyped-decorator]
def swapped(_typing: Any, word: Any) -> Any:
    """A uint64 with its bytes in the opposite order."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.bswap(args[0])

    return types.uint64(word), generate
