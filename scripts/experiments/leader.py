"""One of three Weirs leads and runs the maintenance jobs; another takes over within seconds if it is killed, stopped or cut off."""

import argparse
import os
import shutil
import signal
import subprocess
import threading
import time

from harness import WEIR, Postgres, Report, Weir, free_port, scratch, wait_until

# Who holds the lock: the backend, and where its client is.
HOLDER = """
SELECT a.pid, a.client_port, host(a.client_addr) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.classid = x'77656972'::int AND l.objid = 1
"""
# What sessions of the maintenance jobs did last that hold no lock; asking for the lock is all they may.
OTHERS = """
SELECT a.pid, a.query FROM pg_stat_activity a
WHERE a.application_name = 'weir-maintenance' AND a.query NOT LIKE '%pg_try_advisory_lock%' AND a.query NOT LIKE 'SET %'
  AND a.query <> '' AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory')
"""


class OpenPostgres(Postgres):
    """A cluster that a second network namespace of this machine reaches, too."""

    address = ""

    def start(self):
        if self.address:
            with open(self.directory / "pg_hba.conf", "a") as rules:
                rules.write(f"host all all {self.address.rsplit('.', 1)[0]}.0/24 trust\n")
        options = " ".join(f"-c {name}='{value}'" for name, value in self.settings.items())
        addresses = ",".join(filter(None, ["127.0.0.1", self.address]))
        options += f" -c listen_addresses={addresses} -c port={self.port} -c unix_socket_directories=''"
        self.run("pg_ctl", "-D", self.directory, "-w", "-l", self.directory.parent / "log", "-o", options, "start")


class Watch:
    """Samples who holds the lock, and whether anybody else does any maintenance job."""

    def __init__(self, postgres):
        self.postgres, self.samples, self.offences = postgres, 0, []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.stopping.wait(0.03):
            try:
                rows = self.postgres.sql(f"SELECT 'holder', h.pid, '' FROM ({HOLDER}) h UNION ALL SELECT 'other', o.* FROM ({OTHERS}) o")
            except RuntimeError:
                continue  # it restarts
            self.samples += 1
            if sum(row[0] == "holder" for row in rows) > 1 or any(row[0] == "other" for row in rows):
                self.offences.append(rows)

    def stop(self):
        self.stopping.set()
        self.thread.join()
        return self


def sockets(pid):
    """The local ports of a process's TCP connections."""
    inodes = set()
    for link in os.listdir(f"/proc/{pid}/fd"):
        try:
            inodes.add(os.readlink(f"/proc/{pid}/fd/{link}"))
        except OSError:
            pass
    with open(f"/proc/{pid}/net/tcp") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return {int(row[1].split(":")[1], 16) for row in rows if f"socket:[{row[9]}]" in inodes}


def holder(postgres, weirs):
    """The Weir that holds the lock, and the backend by which it does; nothing while nobody does."""
    try:
        rows = postgres.sql(HOLDER)
    except RuntimeError:
        return None
    for pid, port, _ in rows:
        for weir in weirs:
            if weir.process.poll() is None and int(port) in sockets(weir.pid):
                return weir, pid
    return None


def takeover(report, what, postgres, weirs, act, limit):
    """Seconds until another Weir holds the lock, after something has happened to the one that did."""
    before, _ = wait_until(lambda: holder(postgres, weirs), 30, "an elected Weir")
    began = time.monotonic()
    act(before)

    def another():
        found = holder(postgres, weirs)
        return found if found and found[0] is not before else None

    after, _ = wait_until(another, 60, f"another Weir after {what}")
    seconds = time.monotonic() - began
    report.expect(seconds < limit, f"{what}: another took over after {seconds:.1f} s")
    wait_until(lambda: after.metric("weir_maintenance_leader") == 1, 5, "the metric of the new holder")
    others = [weir for weir in weirs if weir not in (before, after)]
    report.expect(all(weir.metric("weir_maintenance_leader") == 0 for weir in others), "and no third one says it did")
    return before, after


def killed_stopped_restarted(report, postgres, weirs):
    for _ in range(3):
        dead, _ = takeover(report, "kill -9", postgres, weirs, lambda weir: weir.kill9(), 10)
        dead.start()
    left, _ = takeover(report, "SIGTERM", postgres, weirs, lambda weir: weir.terminate(), 10)
    left.start()

    stopped, after = takeover(
        report, "SIGSTOP", postgres, weirs, lambda weir: weir.process.send_signal(signal.SIGSTOP), 10
    )
    stopped.process.send_signal(signal.SIGCONT)
    wait_until(lambda: stopped.metric("weir_maintenance_leader") == 0, 10, "the one that was stopped to see that it lost")
    report.expect(holder(postgres, weirs)[0] is after, "the one that was stopped does not take it back")

    began = time.monotonic()
    postgres.stop("immediate")
    postgres.start()
    wait_until(lambda: holder(postgres, weirs), 60, "an elected Weir after a restart of PostgreSQL")
    report.say(seconds_from_crash_of_postgres_to_an_elected_weir=round(time.monotonic() - began, 1))
    wait_until(lambda: sum(weir.metric("weir_maintenance_leader") for weir in weirs) == 1, 10, "one that says so")


def cut_off(report, postgres, home):
    """The holder in a network namespace of its own, whose link then goes down: nothing ever tells PostgreSQL."""
    space, outside, inside = f"weir{os.getpid()}", f"wo{os.getpid()}", f"wi{os.getpid()}"

    def ip(*words):
        subprocess.run(["ip", *words], check=True, capture_output=True)

    ip("netns", "add", space)
    far, near = None, None
    try:
        ip("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", space)
        ip("addr", "add", f"{postgres.address}/24", "dev", outside)
        ip("link", "set", outside, "up")
        for words in (["addr", "add", postgres.address[:-1] + "2/24", "dev", inside], ["link", "set", inside, "up"],
                      ["link", "set", "lo", "up"]):
            ip("-n", space, *words)
        postgres.stop()
        postgres.start()
        far = Weir(home / "far", postgres.url.replace("127.0.0.1", postgres.address))
        far.program = ["ip", "netns", "exec", space, WEIR]
        far.start()
        wait_until(lambda: [row[2] for row in postgres.sql(HOLDER)] == [postgres.address[:-1] + "2"], 30, "the far one")
        near = Weir(home / "near", postgres.url).start()
        time.sleep(2)
        began = time.monotonic()
        ip("link", "set", outside, "down")
        wait_until(lambda: [row[2] for row in postgres.sql(HOLDER)] == ["127.0.0.1"], 180, "the near one")
        seconds = time.monotonic() - began
        report.expect(seconds < 10, f"its network cut: another took over after {seconds:.1f} s")
    finally:
        for weir in filter(None, (far, near)):
            weir.kill9()
        ip("netns", "del", space)
        subprocess.run(["ip", "link", "del", outside], check=False, capture_output=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--weirs", type=int, default=3)
    options = arguments.parse_args()
    report = Report("maintenance jobs of several Weirs")
    postgres = OpenPostgres()
    home = scratch("weir-group-")
    weirs = [
        Weir(home / str(number), postgres.url, listen=f"127.0.0.1:{free_port()}", env={"WEIR_RAW_KEEP": "30d"}).start()
        for number in range(options.weirs)
    ]
    watch = Watch(postgres)
    killed_stopped_restarted(report, postgres, weirs)
    watch.stop()
    for weir in weirs:
        weir.kill9()
    report.say(samples=watch.samples)
    report.expect(watch.samples > 50 and not watch.offences, "one at a time, and nobody without the lock")
    for offence in watch.offences[:3]:
        print("   ", offence)
    if os.geteuid() == 0 and shutil.which("ip"):
        postgres.address = "10.213.77.1"
        cut_off(report, postgres, home)
    else:
        report.say(network_cut="not tried: it takes root and iproute2")
    report.end()


if __name__ == "__main__":
    main()
