"""How long the disk takes to make bytes durable; no server can be faster."""

from figures import spread
from harness import scratch
from machine import fdatasync_microseconds


def run(options, table):
    disk = scratch("weir-disk-")
    for size, name in ((1024, "1 KB"), (65536, "64 KB")):
        for prewritten, where in ((True, "over a written file"), (False, "at the end of a file")):
            times = [fdatasync_microseconds(disk, size, prewritten) for _ in range(options.runs)]
            table.add(f"fdatasync of {name} {where}", yardstick=spread(times, " µs"))
