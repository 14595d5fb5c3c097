internal import Core

/// The outcome of the records that were sent.
struct RunOutcomes: Sendable {
    var created = 0
    var alreadyThere = 0
    private(set) var refused = 0
    private(set) var reasons: [String] = []

    /// Counts a refusal, and keeps the first reasons.
    mutating func refuse(_ reason: String) {
        refused += 1
        guard reasons.count < ImportSummary.shownReasons else { return }
        reasons.append(reason.printable)
    }

    mutating func merge(_ other: RunOutcomes) {
        created += other.created
        alreadyThere += other.alreadyThere
        refused += other.refused
        reasons = Array((reasons + other.reasons).prefix(ImportSummary.shownReasons))
    }
}

/// The result of an import.
package struct ImportSummary: Sendable {
    /// How many reasons for refusals are kept and shown.
    static let shownReasons = 10

    /// Whether this was a dry run.
    var isDryRun = false
    /// Files that were read, and those that were not, with the reason.
    var files = 0
    var skippedFiles: [String] = []
    var failedFiles: [String] = []

    /// Runs of the run-tracking service.
    var runsRead = 0
    var runs = RunOutcomes()
    /// Records that report the end of a run: the server counts them as duplicates.
    var ends = 0
    /// Runs whose event id was derived from their run id.
    var derivedIDs = 0
    /// Values that should be JSON objects and are stored as text.
    var textsKept = 0
    /// Numbers that JSON does not have.
    var altered = 0
    /// Event records, for which Weir has no table.
    var events = 0

    /// Runs and tasks of Nextflow.
    var traces = 0
    var tasks = 0
    var cachedTasks = 0
    var unfinishedTasks = 0
    var repeatedRows = 0
    var weblog = RunOutcomes()

    /// What could not be read.
    var faults = ImportFaults()
    /// Assumptions about files.
    private(set) var assumptions: [String] = []
    /// Why the import ended early.
    package var failure: SendingFailure?

    /// 0 when everything was read and taken; 2 when a file could not be read; 1 for everything else.
    package var exitCode: Int32 {
        if !failedFiles.isEmpty { return 2 }
        return failure != nil || runs.refused + weblog.refused + faults.total > 0 ? 1 : 0
    }

    /// Records assumptions about a file.
    mutating func assume(_ words: [String], of path: String) {
        assumptions += words.map { "\(path) \($0)" }
    }

    /// The problems of an import, for people.
    package var troubleLines: [String] {
        let refused = runs.reasons + weblog.reasons
        var lines: [String] = []
        for (title, reasons) in [
            ("refused", refused), ("unreadable", faults.shown), ("not read", failedFiles),
        ] {
            lines += reasons.prefix(Self.shownReasons).map { "  \(title): \($0.printable)" }
        }
        return lines
    }

    /// The lines for people.
    package var lines: [String] {
        var lines = [
            Self.line("files", files, skippedFiles.isEmpty ? "" : "\(skippedFiles.count) others skipped")
        ]
        if isDryRun { lines.append(Self.line("sent", 0, "a dry run")) }
        lines += runLines + traceLines + faultLines + troubleLines
        for (title, reasons) in [("assumed", assumptions), ("skipped", skippedFiles)] {
            lines += reasons.prefix(Self.shownReasons).map { "  \(title): \($0.printable)" }
        }
        return lines
    }

    private var runLines: [String] {
        guard runsRead + events > 0 else { return [] }
        let notes = [
            (ends, "of them report the end of a run: the server counts them as duplicates"),
            (derivedIDs, "event ids were derived from run ids"),
            (textsKept, "values of metrics or context are no JSON objects: kept as text"),
            (altered, "numbers were NaN or Infinity: kept as text, or left out"),
            (events, "event records were skipped: Weir has no table for them"),
        ]
        var lines = [Self.line("run records", runsRead)]
        if !isDryRun {
            lines.append(Self.line("created", runs.created))
            lines.append(Self.line("duplicates", runs.alreadyThere))
            lines.append(Self.line("refused", runs.refused))
        }
        return lines + notes.filter { $0.0 > 0 }.map { Self.line("", $0.0, $0.1) }
    }

    private var traceLines: [String] {
        guard traces > 0 else { return [] }
        let notes = [
            (cachedTasks, "of them cached: counted in their run, but not sent"),
            (unfinishedTasks, "of them had not ended: they do not count as completions"),
            (repeatedRows, "rows repeat a task: it is counted once"),
        ]
        var lines = [Self.line("workflow runs", traces), Self.line("tasks", tasks)]
        lines += notes.filter { $0.0 > 0 }.map { Self.line("", $0.0, $0.1) }
        if !isDryRun {
            lines.append(Self.line("events sent", weblog.created))
            lines.append(Self.line("refused", weblog.refused))
        }
        return lines
    }

    private var faultLines: [String] {
        guard faults.total > 0 else { return [] }
        return [Self.line("unreadable", faults.total)]
            + faults.byReason.map { Self.line("", $0.count, $0.reason.words($0.count)) }
    }

    private static func line(_ title: String, _ count: Int, _ note: String = "") -> String {
        let name = title + String(repeating: " ", count: max(0, 15 - title.count))
        guard !note.isEmpty else { return "\(name)\(count)" }
        return title.isEmpty ? "\(name)\(count) \(note)" : "\(name)\(count)  (\(note))"
    }
}
