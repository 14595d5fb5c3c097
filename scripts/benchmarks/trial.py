"""A Weir and an empty database for one run of a benchmark, and the resources that both used."""

import shutil

from harness import Postgres, Weir, memory, scratch
from machine import cpu_seconds


class Trial:
    """A new data directory and a new database on a cluster that is kept; `end` removes both."""

    def __init__(self, cluster, env=None):
        self.cluster = cluster
        cluster.sql("DROP DATABASE IF EXISTS weir WITH (FORCE)", database="postgres")
        cluster.sql("CREATE DATABASE weir", database="postgres")
        cluster.sql("CHECKPOINT", database="postgres")
        self.data = scratch("weir-bench-")
        self.weir = Weir(self.data, cluster.url, env={"WEIR_LOG_LEVEL": "warning", **(env or {})})
        self.weir.start()

    def cpu(self):
        """CPU seconds of Weir and of PostgreSQL so far."""
        return cpu_seconds(self.weir.pid), cpu_seconds(self.cluster.pid)

    def memory(self):
        return memory(self.weir.pid)

    def stop(self):
        """Ends Weir and its journal; the database stays."""
        self.weir.terminate()
        shutil.rmtree(self.data, ignore_errors=True)

    def end(self):
        self.stop()
        self.cluster.sql("DROP DATABASE IF EXISTS weir WITH (FORCE)", database="postgres")


def cluster(**settings):
    """PostgreSQL with its defaults, all durable; the room for log is what Weir's private cluster has."""
    return Postgres({"max_wal_size": "1GB", "checkpoint_timeout": "15min", **settings})
