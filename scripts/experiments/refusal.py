"""PostgreSQL runs and refuses writes, under a steady load: read-only, a standby, a full disk, a lock on a table."""

import os
import shutil
import threading
import time

from harness import fill, small_disk, wait_until
from outage import Trial, main, start_after_kill

EVENTS = "/api/nextflow/runs/run-0/load/events"


def read_only(report, options):
    """switched to read-only by a setting"""
    trial = Trial(report, options)
    trial.weir.start()
    trial.load()
    trial.postgres.sql("ALTER SYSTEM SET default_transaction_read_only = on")
    trial.postgres.sql("SELECT pg_reload_conf()")
    time.sleep(options.seconds)
    before = trial.postgres.value("SELECT count(*) FROM telemetry")
    trial.expect_stale_answers("read-only")
    report.expect(trial.postgres.value("SELECT count(*) FROM telemetry") == before, "nothing is written meanwhile")
    trial.postgres.sql("ALTER SYSTEM RESET default_transaction_read_only")
    trial.postgres.sql("SELECT pg_reload_conf()")
    time.sleep(1)
    trial.end()


def standby(report, options):
    """replaced by a standby, which is promoted later"""
    trial = Trial(report, options, {"hot_standby": "on"})
    trial.weir.start()
    trial.load()
    trial.postgres.stop()
    (trial.postgres.directory / "standby.signal").touch()
    shutil.chown(trial.postgres.directory / "standby.signal", trial.postgres.user)
    trial.postgres.start()
    report.expect(trial.postgres.value("SELECT pg_is_in_recovery()") == "t", "it is a standby")
    time.sleep(options.seconds)
    trial.expect_stale_answers("standby")
    report.expect(trial.weir.metric("weir_loader_stopped") == 0, "loading is delayed, not stopped as by a fault")
    trial.postgres.sql("SELECT pg_promote()")
    time.sleep(1)
    trial.end()


def tables_full(report, options):
    """its disk for tables is full"""
    if os.geteuid():
        report.expect(False, "needs root, to mount a small disk")
        return
    with small_disk(160) as disk:
        trial = Trial(report, options)
        tablespace = disk / "tables"
        tablespace.mkdir()
        shutil.chown(tablespace, trial.postgres.user)
        trial.postgres.sql(f"CREATE TABLESPACE small LOCATION '{tablespace}'")
        trial.postgres.sql("ALTER DATABASE weir SET TABLESPACE small", database="postgres")
        trial.weir.start()
        trial.load(2)
        filler = fill(disk)
        wait_until(lambda: trial.weir.metric("weir_loader_backing_off") == 1, 60, "the full disk to be noticed")
        time.sleep(options.seconds)
        report.say(log=[line for line in trial.weir.log().splitlines() if "53100" in line][-1:])
        trial.expect_stale_answers("a full disk")
        filler.unlink()
        trial.end()


def all_full(report, options):
    """its whole disk is full, the log of transactions included"""
    if os.geteuid():
        report.expect(False, "needs root, to mount a small disk")
        return
    with small_disk(400) as disk:
        trial = Trial(report, options, {"max_wal_size": "64MB", "min_wal_size": "32MB"}, directory=disk)
        trial.weir.start()
        trial.load(2)
        filler = fill(disk)
        wait_until(lambda: trial.weir.metric("weir_loader_backing_off") == 1, 60, "the full disk to be noticed")
        time.sleep(options.seconds)
        statuses = {trial.read()[0] for _ in range(5)}
        report.say(reads=sorted(statuses))
        report.expect(statuses <= {200, 503}, "reads work or say 503")
        filler.unlink()
        if not is_running(trial.postgres):
            report.say(postgresql="had given up, started again")
            start_after_kill(trial.postgres)
        trial.end()


def is_running(postgres):
    return postgres.run("pg_ctl", "-D", postgres.directory, "status", check=False).returncode == 0


def locked(report, options):
    """a lock on the table of events for twenty seconds"""
    trial = Trial(report, options, env={"WEIR_STATEMENT_TIMEOUT": "5s"})
    trial.weir.start()
    trial.load()
    lock = "BEGIN; LOCK TABLE telemetry IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(20); COMMIT"
    holder = threading.Thread(target=lambda: trial.postgres.sql(lock))
    holder.start()
    time.sleep(1)
    reads = [trial.read() for _ in range(5)]
    report.say(other_tables=sorted({read[0] for read in reads}), lag_lines=reads[-1][2])
    report.expect(all(read[0] == 200 and read[2] for read in reads), "reads of other tables work and tell Weir-Lag-Lines")
    read = trial.read(EVENTS)
    report.say(the_locked_table=read[0], after=f"{read[3]:.1f} s", retry_after=read[1])
    report.expect(read[0] == 503 and read[1] is not None, "a read of it says 503 after WEIR_STATEMENT_TIMEOUT")
    holder.join()
    time.sleep(1)
    report.expect(trial.read(EVENTS)[0] == 200, "a read of it works when the lock is gone")
    trial.end()


if __name__ == "__main__":
    main([read_only, standby, tables_full, all_full, locked], "refusal", __doc__)
