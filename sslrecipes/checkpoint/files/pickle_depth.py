"""How deeply tuples are nested in a pickle, told before it is read.

Python hashes a dictionary's key by recursion in C, without a limit: a tuple in a tuple in a tuple ... as a key would
end the process. Lists and dictionaries can be no keys.
"""

from __future__ import annotations

import pickletools
from collections.abc import Iterator
from typing import Any, BinaryIO

MAX_DEPTH = 1000
_TUPLES = {'TUPLE1': 1, 'TUPLE2': 2, 'TUPLE3': 3, 'TUPLE': -1}
_CODES = [code.code.encode('latin1') for code in pickletools.opcodes if code.name in _TUPLES]
_MARK = -1


def too_deep(pickle: bytes | BinaryIO, pickles: int = 1) -> bool:
    """Tell whether tuples are nested more than :data:`MAX_DEPTH` deep.

    Args:
        pickle: A pickle, or a file that begins with some.
        pickles: How many to look at.
    """
    if isinstance(pickle, bytes) and sum(pickle.count(code) for code in _CODES) <= MAX_DEPTH:
        return False  # as fast as can be for most
    return any(depth > MAX_DEPTH for _ in range(pickles) for depth in _depths(pickle))


def _depths(pickle: bytes | BinaryIO) -> Iterator[int]:
    """Yield an upper bound of the depth of each tuple; stop where the pickle is broken, which the reader will find."""
    stack: list[int] = []
    memo: dict[Any, int] = {}
    try:
        for code, argument, _ in pickletools.genops(pickle):
            if code.name in ('PUT', 'BINPUT', 'LONG_BINPUT', 'MEMOIZE'):
                memo[len(memo) if code.name == 'MEMOIZE' else argument] = stack[-1]
            elif code.name in ('GET', 'BINGET', 'LONG_BINGET'):
                stack.append(memo.get(argument, 0))
            elif code.name == 'MARK':
                stack.append(_MARK)
            else:
                taken = _take(stack, code)
                stack += [taken + (code.name in _TUPLES)] * len(code.stack_after)
                yield taken
    except Exception:  # noqa: BLE001  a broken pickle can raise anything
        return


def _take(stack: list[int], code: pickletools.OpcodeInfo) -> int:
    """Take what an instruction takes from the stack; return the greatest depth in it."""
    wanted, deepest = len(code.stack_before), 0
    if pickletools.markobject in code.stack_before:
        while (depth := stack.pop()) != _MARK:
            deepest = max(deepest, depth)
        wanted = code.stack_before.index(pickletools.markobject)
    for _ in range(wanted):
        deepest = max(deepest, stack.pop())
    return deepest
