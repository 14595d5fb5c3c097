"""Facts about the machine: its name, the CPU time of processes, and how long its disk takes to make bytes durable."""

import os
import pathlib
import platform
import statistics
import time

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def describe():
    """One line: kernel, CPU, cores, memory."""
    cpu = "unknown CPU"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PHYS_PAGES") * PAGE / 2**30
    return f"Linux {platform.release()}, {cpu}, {os.cpu_count()} cores, {memory:.0f} GiB"


def _stat(pid):
    text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    return text[text.rindex(")") + 2:].split()


def cpu_seconds(pid):
    """CPU time of a process and of all below it, of those that have ended, too."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = _stat(entry)
            except (OSError, ValueError):
                continue
            parents.setdefault(int(fields[1]), []).append((int(entry), sum(map(int, fields[11:15])) / TICK))
            if int(entry) == pid:
                total = sum(map(int, fields[11:15])) / TICK
    waiting = [pid]
    while waiting:
        for child, seconds in parents.get(waiting.pop(), []):
            total += seconds
            waiting.append(child)
    return total


def fdatasync_microseconds(directory, size=65536, prewritten=True, rounds=200):
    """Median of one pwrite of `size` bytes and one fdatasync, over a file that is there or at the end of one."""
    path = pathlib.Path(directory) / "fdatasync-probe"
    block = os.urandom(size)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        if prewritten:
            for i in range(rounds):
                os.pwrite(descriptor, block, i * size)
            os.fsync(descriptor)
        times = []
        for i in range(rounds):
            began = time.perf_counter()
            os.pwrite(descriptor, block, i * size)
            os.fdatasync(descriptor)
            times.append(time.perf_counter() - began)
        return statistics.median(times) * 1e6
    finally:
        os.close(descriptor)
        path.unlink()
