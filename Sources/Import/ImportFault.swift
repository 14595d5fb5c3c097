/// A row, a line or a cell that could not be read, or only in part.
struct ImportFault: Hashable, Sendable {
    /// The reason, by which faults are counted.
    enum Reason: String, CaseIterable, Sendable {
        case cells
        case taskNumber = "task_number"
        case value
        case tooLong = "too_long"
        case notJSON = "not_json"
        case noRecord = "no_record"
        case noID = "no_id"
    }

    let reason: Reason
    /// A sentence such as `line 3 has 5 columns, the header has 6`.
    let text: String

    init(_ reason: Reason, _ text: String) {
        self.reason = reason
        self.text = text
    }
}

extension ImportFault.Reason {
    /// The text for a number of them.
    func words(_ count: Int) -> String {
        let isOne = count == 1
        return switch self {
        case .cells:
            isOne ? "row does not have the header's columns" : "rows do not have the header's columns"
        case .taskNumber: isOne ? "row has no task number" : "rows have no task number"
        case .value:
            isOne
                ? "cell cannot be read: its task is sent without it"
                : "cells cannot be read: their tasks are sent without them"
        case .tooLong: isOne ? "line is longer than 16 MiB" : "lines are longer than 16 MiB"
        case .notJSON: isOne ? "line is no JSON object" : "lines are no JSON objects"
        case .noRecord: isOne ? "line is no record of a run" : "lines are no records of runs"
        case .noID: isOne ? "row has neither event_id nor run_id" : "rows have neither event_id nor run_id"
        }
    }
}

/// Faults, counted by their reasons.
struct ImportFaults: Sendable {
    private(set) var counts: [ImportFault.Reason: Int] = [:]
    /// The first of them with their files.
    private(set) var shown: [String] = []

    var total: Int { counts.values.reduce(0, +) }

    /// Reasons with their counts, always in the same order.
    var byReason: [(reason: ImportFault.Reason, count: Int)] {
        ImportFault.Reason.allCases.compactMap { reason in counts[reason].map { (reason, $0) } }
    }

    mutating func add(_ fault: ImportFault, in path: String) {
        counts[fault.reason, default: 0] += 1
        guard shown.count < ImportSummary.shownReasons else { return }
        shown.append("\(path) \(fault.text)".printable)
    }
}

extension String {
    /// In one line of bounded length, without control characters, which could move a terminal's cursor.
    var printable: String {
        var text = ""
        for scalar in unicodeScalars.prefix(400) {
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            text.unicodeScalars.append(isControl ? " " : scalar)
        }
        return text
    }

    /// A value as messages quote it.
    var quoted: String { "\"\(prefix(40))\(count > 40 ? "…" : "")\"" }
}
