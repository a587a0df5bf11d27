"""A closed process that does not answer as it should, in the way that it is asked for."""

import ctypes
import mmap
import os
import platform
from collections.abc import Callable, Mapping
from typing import Any

from pipelines.processes import closed
from pipelines.processes.closed import Answered, serve

OF_32_BITS = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3"
"""mov eax, 20; int 0x80; ret: getpid by the calls of 32 bits, which the filter does not know."""
CODE = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
"""Made before the process closes: afterwards it could not be."""


def crash() -> object:
    """Read where nothing is."""
    return ctypes.string_at(8)


def take_memory() -> object:
    """Ask for more than there may be."""
    return bytearray(5 * 10**9)


def never_end() -> object:
    """Compute on and on; this process may do so for a second."""
    while True:
        pass


def answer_nonsense() -> object:
    """Write something else than an answer."""
    os.write(1, b"{" * 100_000)
    os._exit(0)


def answer_too_much() -> object:
    """Write more than an answer may be; a thousandth of the limit is left here."""
    while True:
        os.write(1, bytes(10**6))


def call_as_32_bits() -> object:
    """Ask the kernel in the way of another architecture."""
    if platform.machine() != "x86_64":
        os._exit(0)
    CODE.write(OF_32_BITS)
    call = ctypes.CFUNCTYPE(ctypes.c_int)
    return call(ctypes.addressof(ctypes.c_char.from_buffer(CODE)))()


WAYS: Mapping[str, Callable[[], Any]] = {
    one.__name__: one
    for one in (
        *(crash, take_memory, never_end),
        *(answer_nonsense, answer_too_much, call_as_32_bits),
    )
}


def answer(asked: Answered) -> Answered:
    """Misbehave."""
    return Answered({"brought": repr(WAYS[asked.said["way"]]())}, {})


if __name__ == "__main__":
    closed.SECONDS = 1
    serve(answer)
