"""Damages journals of a real Weir in a dozen ways: Weir reports the damage and loads every sound line."""

import argparse
import json
import re
import shutil
import sys

from harness import Database, Postgres, Report, Senders, Weir, completion, expect_exactly_once, scratch, wait_until

JSON = {"Content-Type": "application/json"}
NOBODY = "postgresql://weir@127.0.0.1:1/nobody"  # nothing is loaded


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=3000, help="in the journal that is damaged")
    parser.add_argument("--only", action="append", choices=[case.__name__ for case in (*LINES, *LIVES)], help="these and no others")
    options = parser.parse_args()
    report = Report("damage")
    postgres = Postgres()
    for cases, is_loaded in ((LINES, False), (LIVES, True)):
        chosen = [case for case in cases if not options.only or case.__name__ in options.only]
        original = Original(postgres, options.events, is_loaded) if chosen else None
        for case in chosen:
            print(f"  -- {case.__name__}: {case.__doc__}", flush=True)
            if is_loaded:
                case(report, postgres, original)
            else:
                try_case(report, postgres, original, case)
    report.end()


class Line:
    """A line of a segment: its number, its task, where it stands."""

    def __init__(self, segment, start, text):
        parsed = json.loads(text)
        self.segment, self.start, self.end = segment, start, start + len(text)
        self.seq, self.task = parsed["seq"], parsed["body"]["trace"]["task_id"]


def read_lines(segments):
    lines = []
    for segment in segments:
        start = 0
        for text in segment.read_bytes().split(b"\n"):
            if b'"body":' in text:
                lines.append(Line(segment.name, start, text))
            start += len(text) + 1
    return lines


class Original:
    """A journal in some five segments, and the database that goes with it; cases work on copies of both."""

    def __init__(self, postgres, events, is_loaded):
        self.postgres, self.directory = postgres, scratch() / "data"
        url = Database.make(postgres, "loaded").url if is_loaded else NOBODY
        weir = make_weir(self.directory, url).start()
        senders = Senders(weir.port, 16, padding="x" * 1200)
        senders.reach(events)
        senders.stop()
        if is_loaded:
            weir.await_loaded()
        weir.terminate()
        self.segments = segments_of(self.directory)
        if len(self.segments) < 4:
            sys.exit(f"{len(self.segments)} segments are too few: a case damages one in the middle; say --events 3000")
        self.lines = read_lines(self.segments)
        self.tasks = senders.tasks

    def copy(self):
        directory = scratch() / "data"
        shutil.copytree(self.directory, directory)
        return directory

    def copy_database(self, name):
        return Database.make(self.postgres, name, template="loaded")

    def of(self, index):
        """The lines of a segment."""
        return [line for line in self.lines if line.segment == self.segments[index].name]


def make_weir(directory, url):
    return Weir(directory, url, env={"WEIR_JOURNAL_SEGMENT": "1MiB", "WEIR_JOURNAL_RESERVE": "0"})


def segments_of(directory):
    return sorted((directory / "raw").glob("events_*"), key=lambda path: (len(path.name), path.name))


def take_some(weir, prefix="after", number=20):
    tasks = [f"{prefix}-{i}" for i in range(number)]
    for task in tasks:
        assert weir.ask("POST", "/telemetry", completion("after", task), headers=JSON)[0] == 200
    return tasks


def damage_told(weir):
    """The reports in the log, each once and in full."""
    return sorted(set(re.findall(r'journal segment [^"]*?(?:are lost|no line is lost)', weir.log())))


# ------------------------------------------------------------------------- damage to lines that are not loaded


def try_case(report, postgres, original, case):
    """A case damages the segments and returns the lines that are gone and what has to be told: (segment, first, last)."""
    directory = original.copy()
    gone, told = case(original, directory / "raw")
    database = Database.make(postgres, "damaged")
    weir = make_weir(directory, database.url).start()
    after = take_some(weir)
    weir.await_loaded()
    found = {row[0] for row in database.sql("SELECT task_id FROM task")}
    wanted = {line.task for line in original.lines} - {line.task for line in gone} | set(after)
    counted = weir.metric("weir_journal_damage_total")
    said = damage_told(weir)
    report.say(gone=len(gone), missing=len(wanted - found), too_many=len(found - wanted), damage_total=int(counted))
    for text in said:
        print(f"       {text}")
    report.expect(found == wanted, "exactly the damaged lines are missing")
    report.expect(matches(said, told), "the log names the segment and the lines, and nothing else")
    report.expect(counted == len(told), "weir_journal_damage_total counts each place once")
    expect_exactly_once(report, database, list(wanted))
    report.expect(weir.terminate() == 0, "it stops cleanly")
    shutil.rmtree(directory)


def matches(said, told):
    return len(said) == len(told) and all(
        any(f"segment {segment}:" in text and text.endswith(f"lines {first} to {last} are lost") for text in said)
        for segment, first, last in told
    )


def told_of(lines):
    return (lines[0].segment, lines[0].seq, lines[-1].seq)


def torn_line(original, raw):
    """the last line is torn, as after a crash: cut without a word, since it cannot have been acknowledged"""
    last = original.lines[-1]
    truncate(raw / last.segment, last.end - 100)
    return [last], []


def cut_end(original, raw):
    """the last segment is cut in the middle of a line: the same, as far as anybody can tell from the journal alone"""
    lines = original.of(-1)
    middle = lines[len(lines) // 2]
    truncate(raw / middle.segment, middle.start + 200)
    return lines[len(lines) // 2 :], []


def cut_segment(original, raw):
    """a segment in the middle is cut in the middle of a line"""
    lines = original.of(1)
    middle = len(lines) // 2
    truncate(raw / lines[middle].segment, lines[middle].start + 200)
    return lines[middle:], [told_of(lines[middle:])]


def missing_segment(original, raw):
    """a segment in the middle is missing"""
    lines = original.of(2)
    (raw / lines[0].segment).unlink()
    # Nobody knows any more that there was one: the one before it is short of lines.
    return lines, [(original.segments[1].name, lines[0].seq, lines[-1].seq)]


def flipped_byte(original, raw):
    """one bit is flipped in the middle of a segment in the middle"""
    lines = original.of(1)
    line = lines[len(lines) // 2]
    flip(raw / line.segment, line.start + 300)
    return [line], [told_of([line])]


def flipped_byte_at_the_end(original, raw):
    """one bit is flipped in the last segment, which is read at the start already"""
    lines = original.of(-1)
    line = lines[len(lines) // 2]
    flip(raw / line.segment, line.start + 300)
    return [line], [told_of([line])]


def swapped(original, raw):
    """two neighbours stand in the wrong order: numbers only rise, so that the smaller one counts as lost"""
    lines = original.of(1)
    first, second = lines[10], lines[11]
    rewrite(raw / first.segment, [first, second], [second, first])
    return [first], [told_of([first])]


def moved(original, raw):
    """ten lines stand behind the ten that follow them"""
    lines = original.of(1)
    rewrite(raw / lines[0].segment, lines[20:40], lines[30:40] + lines[20:30])
    return lines[20:30], [told_of(lines[20:30])]


def truncate(path, size):
    with open(path, "r+b") as file:
        file.truncate(size)


def flip(path, offset):
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)


def rewrite(path, lines, order):
    content = path.read_bytes()
    part = b"".join(content[line.start : line.end + 1] for line in order)
    path.write_bytes(content[: lines[0].start] + part + content[lines[-1].end + 1 :])


# ------------------------------------------------------------------- changes to a journal that was loaded


def goes_on(report, original, directory, name, expects_new_identity):
    database = original.copy_database(name)
    weir = make_weir(directory, database.url).start()
    after = take_some(weir)
    weir.await_loaded()
    is_new = "journal took a new identity" in weir.log()
    report.expect(is_new == expects_new_identity, "it says that it takes a new identity" if expects_new_identity else "it needs no new identity")
    expect_exactly_once(report, database, [*original.tasks, *after])
    report.expect(weir.terminate() == 0, "it stops cleanly")


def cut_behind_the_position(report, postgres, original):
    """the last segment is cut although PostgreSQL has its lines already"""
    directory = original.copy()
    line = original.of(-1)[3]
    truncate(directory / "raw" / line.segment, line.start + 200)
    goes_on(report, original, directory, "cut", expects_new_identity=True)


def emptied(report, postgres, original):
    """the data directory is emptied: a new journal begins, PostgreSQL keeps what it has"""
    goes_on(report, original, scratch() / "data", "emptied", expects_new_identity=False)


def emptied_segments(report, postgres, original):
    """all segments are gone, the identity is still there"""
    directory = original.copy()
    for segment in segments_of(directory):
        segment.unlink()
    goes_on(report, original, directory, "segments", expects_new_identity=True)


def cloned(report, postgres, original):
    """a data directory is copied, and both are used on one database at the same time"""
    directory, database = original.copy(), original.copy_database("cloned")
    other = scratch() / "data"
    shutil.copytree(directory, other)
    weirs = [make_weir(directory, database.url).start(), make_weir(other, database.url).start()]
    senders = [Senders(weir.port, 8, prefix=f"w{number}") for number, weir in enumerate(weirs)]
    for sender in senders:
        sender.reach(1000)
        sender.stop()
    for weir in weirs:
        weir.await_loaded()
    renamed = sum("journal took a new identity" in weir.log() for weir in weirs)
    report.expect(renamed == 1, "one of them takes a new identity and says so")
    expect_exactly_once(report, database, original.tasks + senders[0].tasks + senders[1].tasks)
    report.expect([weir.terminate() for weir in weirs] == [0, 0], "both stop cleanly")


def without_identity(report, postgres, original):
    """journal.json is gone, or garbled: refused, and the segments can still be replayed"""
    directory = original.copy()
    identity = directory / "journal.json"
    flip(identity, 30)
    for state in ("garbled", "gone"):
        weir = make_weir(directory, original.copy_database("refused").url)
        weir.start(wait=0)
        code, log = weir.process.wait(30), weir.log()
        report.expect(code == 1 and "weir replay" in log and str(identity) in log, f"{state}: it does not start, and says what to do")
        identity.unlink(missing_ok=True)
    database = Database.make(postgres, "rebuilt")
    replay = make_weir(scratch() / "data", database.url).start(wait=0, arguments=("replay", "--journal", str(directory)))
    report.expect(replay.process.wait(120) == 0, "replay reads bare segments")
    expect_exactly_once(report, database, original.tasks)


# ------------------------------------------------------------------------------------------------- two journals

# What answers are made from, without the marks of who came first.
TABLES = {
    "task": "SELECT t::text FROM task t ORDER BY 1",
    "run": "SELECT t::text FROM run t ORDER BY 1",
    "completion_rollup": "SELECT t::text FROM completion_rollup t ORDER BY 1",
    "event_rollup": "SELECT t::text FROM event_rollup t ORDER BY 1",
    "run_rollup": "SELECT t::text FROM run_rollup t ORDER BY 1",
}


def merged(report, postgres, _):
    """events of the same runs went to two Weirs in turn: replayed in either order, the rows are those loaded live"""
    live = Database.make(postgres, "live")
    directories = [scratch() / "data", scratch() / "data"]
    weirs = [make_weir(directory, live.url).start() for directory in directories]
    ports = [weir.port for weir in weirs]
    simulate(report, weirs[0], ports)
    for weir in weirs:
        weir.await_loaded()
        weir.terminate()
    lines = [len((directory / "raw" / segments_of(directory)[0].name).read_bytes().splitlines()) for directory in directories]
    report.say(lines_of_each=lines)
    wanted = {table: live.sql(query) for table, query in TABLES.items()}
    for order in (directories, directories[::-1]):
        found = Database.make(postgres, "merged")
        names = [str(directory) for directory in order]
        replay = make_weir(scratch() / "data", found.url).start(wait=0, arguments=("replay", "--journal", *names))
        report.expect(replay.process.wait(120) == 0, "the replay ends well")
        for table, query in TABLES.items():
            report.expect(found.sql(query) == wanted[table], f"{table}: the same {len(wanted[table])} rows")


def simulate(report, weir, ports):
    """Records what a simulation sends, and sends it again: each event to the other Weir than the one before."""
    postings = record(weir)
    for number, body in enumerate(postings):
        weir.port = ports[number % 2]
        assert weir.ask("POST", "/telemetry", body, headers=JSON)[0] == 200
    weir.port = ports[0]
    report.say(events=len(postings))


def record(weir):
    """The bodies of a simulation, from the journal of a Weir that is there for nothing else."""
    recorder = make_weir(scratch() / "data", NOBODY).start()
    arguments = ("simulate", "--runs", "6", "--tasks", "40", "--failures", "0.2", "--url", f"http://127.0.0.1:{recorder.port}/telemetry")
    simulation = make_weir(scratch(), None).start(wait=0, arguments=arguments)
    wait_until(lambda: simulation.process.poll() is not None, 120, "the simulation")
    recorder.terminate()
    bodies = []
    for segment in segments_of(recorder.data):
        for line in segment.read_bytes().splitlines():
            if b'"body":' in line:
                bodies.append(line[line.index(b'"body":') + 7 : -1])
    return bodies


LINES = [torn_line, cut_end, cut_segment, missing_segment, flipped_byte, flipped_byte_at_the_end, swapped, moved]
LIVES = [cut_behind_the_position, emptied, emptied_segments, cloned, without_identity, merged]


if __name__ == "__main__":
    main()
