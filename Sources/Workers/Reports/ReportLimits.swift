/// The bounds of a report. Contract noetl §7.4.
struct ReportLimits: Sendable {
    /// The most metrics of a report.
    var metrics = 50_000
    /// The most labels of a metric.
    var labels = 64
    /// The most bytes of the name of a metric or a label.
    var nameBytes = 256
    /// The most bytes of the name of a component.
    var componentBytes = ComponentKey.longestName
    /// The most bytes of a label's value, of a help text and of a unit.
    var valueBytes = 4096
    /// The most bytes of the labels of all series in a request of remote-write that are new to this process: texts that
    /// many series share are in the request once.
    var newLabelBytes = 64 << 20
    /// How many bytes a series takes at least in a request of remote-write, on average; texts and samples take half.
    var partBytes = 16
    /// How far ahead of its arrival the time of a data point of OTLP may be: an hour that has not come is remembered
    /// until it is rolled up.
    var ahead = Duration.seconds(Int64.max)
    /// How far behind it may be: each hour of the past is rolled up by itself.
    var behind = Duration.seconds(Int64.max)
}

extension ReportLimits {
    /// No bounds: for lines that were accepted.
    static let none = ReportLimits(
        metrics: .max,
        labels: .max,
        nameBytes: .max,
        componentBytes: .max,
        valueBytes: .max,
        newLabelBytes: .max,
        partBytes: 0
    )
}
