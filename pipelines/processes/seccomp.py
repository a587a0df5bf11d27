"""Takes away from this process nearly all that it could ask the kernel of Linux for.

A filter of system calls (seccomp, in the kernel's own small language, BPF) lets a process read and
write what is open already, manage its memory and end. All else fails with EPERM: no file is
opened, no socket made, no program started, no other process stopped or looked into. Nothing can
lift it again, and threads that run already come under it too. Known are x86_64 and aarch64.

Sources: seccomp(2), https://docs.kernel.org/userspace-api/seccomp_filter.html; numbers from
the kernel's arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
"""

import ctypes
import errno
import platform
import struct
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Instruction = tuple[int, int, int, int]
"""Of BPF: code, jump if true, jump if false, number."""
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC = 1, 1
RET_ALLOW, RET_EPERM, RET_KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
LOAD, IF_EQUAL, IF_ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
NUMBER_AT, ARCHITECTURE_AT, PROTECTION_AT = 0, 4, 32
"""Where struct seccomp_data holds the call, the architecture, and the third argument (low half)."""
PROT_EXEC = 4


@dataclass(frozen=True)
class Architecture:
    """A processor as the kernel sees it.

    Attributes:
        audit: AUDIT_ARCH_* of linux/audit.h, by which calls of another one are told.
        seccomp: number of the call that sets the filter.
        allowed: numbers by name of what a closed process may still call.
        mapping: likewise, but only for memory that holds no code.
    """

    audit: int
    seccomp: int
    allowed: Mapping[str, int]
    mapping: Mapping[str, int]


ARCHITECTURES: Mapping[str, Architecture] = {
    "x86_64": Architecture(
        audit=0xC000003E,
        seccomp=317,
        allowed={
            **{"read": 0, "write": 1, "close": 3, "fstat": 5, "lseek": 8},
            **{"munmap": 11, "brk": 12, "mremap": 25, "madvise": 28},
            **{"rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "sigaltstack": 131},
            **{"sched_yield": 24, "nanosleep": 35, "clock_nanosleep": 230, "restart_syscall": 219},
            **{"getpid": 39, "gettid": 186, "sched_getaffinity": 204, "getrusage": 98},
            **{"gettimeofday": 96, "time": 201, "clock_gettime": 228, "clock_getres": 229},
            **{"futex": 202, "set_robust_list": 273, "rseq": 334, "getrandom": 318},
            **{"exit": 60, "exit_group": 231},
        },
        mapping={"mmap": 9, "mprotect": 10},
    ),
    "aarch64": Architecture(
        audit=0xC00000B7,
        seccomp=277,
        allowed={
            **{"read": 63, "write": 64, "close": 57, "fstat": 80, "lseek": 62},
            **{"munmap": 215, "brk": 214, "mremap": 216, "madvise": 233},
            **{"rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139, "sigaltstack": 132},
            **{"sched_yield": 124, "nanosleep": 101, "clock_nanosleep": 115},
            **{"restart_syscall": 128, "getpid": 172, "gettid": 178, "sched_getaffinity": 123},
            **{"getrusage": 165, "gettimeofday": 169, "clock_gettime": 113, "clock_getres": 114},
            **{"futex": 98, "set_robust_list": 99, "rseq": 293, "getrandom": 278},
            **{"exit": 93, "exit_group": 94},
        },
        mapping={"mmap": 222, "mprotect": 226},
    ),
}


class Unenforceable(Exception):  # noqa: N818  what the system is, not a mistake
    """This system cannot take anything away from a process, or does not let this one do so."""


def known() -> bool:
    """Whether this is a system for which the filter is written; the kernel may still refuse it."""
    wide = struct.calcsize("P") == 8
    return sys.platform == "linux" and wide and platform.machine() in ARCHITECTURES


def program(kind: Architecture) -> list[Instruction]:
    """The filter: calls of another architecture kill the process, what is not allowed fails."""
    calls = [*kind.allowed.values()]
    maps = [*kind.mapping.values()]
    # Behind the comparisons stand: 0 fail, 1 succeed, 2 look at a mapping's protection.
    tests = len(calls) + len(maps)
    ends: list[Instruction] = [
        (RETURN, 0, 0, RET_EPERM),
        (RETURN, 0, 0, RET_ALLOW),
        (LOAD, 0, 0, PROTECTION_AT),
        (IF_ANY_BIT, 0, 1, PROT_EXEC),
        (RETURN, 0, 0, RET_EPERM),
        (RETURN, 0, 0, RET_ALLOW),
    ]
    compared = [
        (IF_EQUAL, tests - place - 1 + (1 if place < len(calls) else 2), 0, number)
        for place, number in enumerate([*calls, *maps])
    ]
    return [
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (IF_EQUAL, 1, 0, kind.audit),
        (RETURN, 0, 0, RET_KILL),
        (LOAD, 0, 0, NUMBER_AT),
        *compared,
        *ends,
    ]


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install(instructions: Sequence[Instruction] | None = None) -> None:
    """Put this process, with all its threads, under the filter for good.

    Args:
        instructions: another filter than `program` of this architecture.

    Raises:
        Unenforceable: the system knows no such filter, or does not allow one.
    """
    if not known():
        raise Unenforceable(f"{sys.platform} on {platform.machine()}")
    kind = ARCHITECTURES[platform.machine()]
    wanted = program(kind) if instructions is None else instructions
    packed = b"".join(struct.pack("=HBBI", *one) for one in wanted)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise Unenforceable("PR_SET_NO_NEW_PRIVS was refused")
    filtered = _Program(len(wanted), packed)
    mode, flags = SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC
    # Anything but 0 is an error, or the thread that cannot come under the filter.
    if libc.syscall(kind.seccomp, mode, flags, ctypes.byref(filtered)):
        raise Unenforceable("seccomp was refused")
