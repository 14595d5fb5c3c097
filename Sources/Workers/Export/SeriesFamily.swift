internal import Core

/// The series of one name, for which an export has one type and one help text: the newest sample decides on them.
struct SeriesFamily: Sendable {
    let name: String
    /// The name as its first sender spelled it.
    let sentName: String
    private(set) var type: MetricType
    private(set) var help: String?
    private(set) var unit: String?
    /// The time of the sample that type, help and unit are from.
    private var describedAt = Timestamp.earliest
    /// The numbers of its series; in the order of the export when `isSorted`.
    var members: [Int32] = []
    var isSorted = true

    init(_ line: SeriesLine, _ type: MetricType) {
        name = line.family
        sentName = line.sentFamily
        self.type = type
    }

    /// What an export says of it when its senders say nothing. Contract noetl §1.5.
    var helpText: String {
        if let help, !help.isEmpty { return help }
        return "NoETL metric: \(sentName)"
    }

    /// Takes the description of a sample unless it is older than the one that decided.
    mutating func describe(_ series: Series, at: Timestamp) {
        describe(series.type, help: series.help, unit: series.unit, at: at)
    }

    /// Takes a description in the same way.
    mutating func describe(_ type: MetricType, help: String?, unit: String?, at: Timestamp) {
        guard at >= describedAt else { return }
        describedAt = at
        if self.type != type { self.type = type }
        if self.help != help { self.help = help }
        if self.unit != unit { self.unit = unit }
    }
}
