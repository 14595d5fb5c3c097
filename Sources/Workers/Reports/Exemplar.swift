internal import Core

/// What a sample refers to outside of its series: a trace, or an execution. Contract noetl §7.8.
///
/// It is stored beside the sample and makes no series of its own.
struct Exemplar: Hashable, Sendable {
    /// The labels that are references; they never become a part of a series.
    static let labels = ["trace_id", "execution_id"]

    /// W3C `trace-id`, 32 hexadecimal digits, as it was sent.
    var traceID: String?
    /// W3C `parent-id`, 16 hexadecimal digits, as it was sent.
    var spanID: String?
    /// The execution of a workflow.
    var executionID: String?
    /// What it measured; the sample's value when nil.
    var value: Double?
    /// When; the sample's time when nil.
    var at: Timestamp?

    /// Whether it refers to anything.
    var isEmpty: Bool { references.isEmpty && spanID == nil }

    /// What samples are found by.
    var references: [String] { [traceID, executionID].compactMap(\.self) }
}

extension Exemplar {
    /// Reads the header of that name: `00-<trace-id>-<parent-id>-<flags>`. W3C Trace Context §3.2.
    init?(traceparent: String) {
        let parts = traceparent.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0].utf8.count == 2, parts[0] != "ff",
            Self.isID(parts[1], digits: 32), Self.isID(parts[2], digits: 16)
        else { return nil }
        self.init(traceID: String(parts[1]), spanID: String(parts[2]))
    }

    /// Lower-case hexadecimal digits, not all of them zero.
    private static func isID(_ text: Substring, digits: Int) -> Bool {
        text.utf8.count == digits && text.utf8.contains { $0 != UInt8(ascii: "0") }
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }
}

extension Exemplar {
    /// Writes its members.
    func write(to object: inout JSONWriter) {
        if let traceID { object.member("trace_id", traceID) }
        if let spanID { object.member("span_id", spanID) }
        if let executionID { object.member("execution_id", executionID) }
        if let value { object.member("value", value) }
        if let at { object.member("timestamp", at.isoformat) }
    }
}
