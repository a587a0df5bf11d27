"""What a process uses of the machine, on macOS and Windows, which say so to C programs only."""

import ctypes
from typing import Any

# -- macOS


class _RusageInfo(ctypes.Structure):
    """`rusage_info_v0` of <sys/resource.h>; times count ticks of the machine's clock."""

    _fields_ = (
        ("uuid", ctypes.c_uint8 * 16),
        *(
            (name, ctypes.c_uint64)
            for name in (
                *("user_time", "system_time", "pkg_idle_wkups", "interrupt_wkups", "pageins"),
                *("wired_size", "resident_size", "phys_footprint"),
                *("proc_start_abstime", "proc_exit_abstime"),
            )
        ),
    )


class _Timebase(ctypes.Structure):
    _fields_ = (("numer", ctypes.c_uint32), ("denom", ctypes.c_uint32))


def _system() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def macos(pid: int) -> Any:
    """What the system says of a process: among others `phys_footprint`, in bytes, and times.

    Raises:
        OSError: the system does not say it.
    """
    found = _RusageInfo()
    if _system().proc_pid_rusage(pid, 0, ctypes.byref(found)):
        raise OSError(ctypes.get_errno(), "proc_pid_rusage")
    return found


def macos_tick() -> float:
    """Nanoseconds of a tick of the clock that those times count."""
    base = _Timebase()
    _system().mach_timebase_info(ctypes.byref(base))
    return float(base.numer / base.denom)


# -- Windows


class _Counters(ctypes.Structure):
    """`PROCESS_MEMORY_COUNTERS` of <psapi.h>."""

    _fields_ = (
        ("cb", ctypes.c_uint32),
        ("page_faults", ctypes.c_uint32),
        *(
            (name, ctypes.c_size_t)
            for name in (
                *("peak_working_set", "working_set", "peak_paged_pool", "paged_pool"),
                *("peak_nonpaged_pool", "nonpaged_pool", "pagefile", "peak_pagefile"),
            )
        ),
    )


class _Machine(ctypes.Structure):
    """`MEMORYSTATUSEX` of <sysinfoapi.h>."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        *(
            (name, ctypes.c_uint64)
            for name in (
                *("total", "available", "total_pagefile", "available_pagefile"),
                *("total_virtual", "available_virtual", "available_extended"),
            )
        ),
    )


QUERY = 0x1000
"""PROCESS_QUERY_LIMITED_INFORMATION."""


def _kernel() -> Any:
    kernel: Any = getattr(ctypes, "WinDLL", ctypes.CDLL)("kernel32")
    kernel.OpenProcess.restype = ctypes.c_void_p
    return kernel


def windows_memory(pid: int) -> int:
    """Bytes that only this process holds."""
    counters = _Counters(cb=ctypes.sizeof(_Counters))
    _about(pid, "K32GetProcessMemoryInfo", ctypes.byref(counters), ctypes.sizeof(counters))
    return int(counters.pagefile)


def windows_seconds(pid: int) -> float:
    """Processor time."""
    times = [ctypes.c_uint64() for _ in range(4)]  # begun, ended, in the system, in the program
    _about(pid, "GetProcessTimes", *map(ctypes.byref, times))
    return (times[2].value + times[3].value) / 1e7


def _about(pid: int, function: str, *arguments: Any) -> None:
    kernel = _kernel()
    handle = kernel.OpenProcess(QUERY, False, pid)
    if not handle:
        raise OSError(f"no process {pid}")
    try:
        if not getattr(kernel, function)(ctypes.c_void_p(handle), *arguments):
            raise OSError(function)
    finally:
        kernel.CloseHandle(ctypes.c_void_p(handle))


def windows_machine() -> int:
    """Bytes of the machine's memory.

    Raises:
        OSError: the system does not say it.
    """
    machine = _Machine(length=ctypes.sizeof(_Machine))
    if not _kernel().GlobalMemoryStatusEx(ctypes.byref(machine)):
        raise OSError("GlobalMemoryStatusEx")
    return int(machine.total)
