internal import Core
internal import Ingest

/// The fields that Weir reads from the metadata of `started` and `completed`; contract §4.5.
///
/// Real payloads nest everything in `workflow`; the published documentation shows some fields beside `workflow`, so
/// both are read.
struct WorkflowFacts: Sendable {
    var start: Timestamp?
    var complete: Timestamp?
    var durationMilliseconds: Int64?
    var success: Bool?
    var exitStatus: Int64?
    var errorMessage: String?
    var errorReport: String?
    var resume: Bool?
    var userName: String?
    var projectName: String?
    /// Whether an import reconstructed the event from a trace file, which does not contain the start and the end of
    /// its run. The run's own events take precedence.
    var isReconstructed = false
    /// The parts that are stored whole, as JSON text.
    var parameters: [UInt8]?
    var manifest: [UInt8]?
    var stats: [UInt8]?
    var workflow: [UInt8]?

    /// Reads a metadata object; for anything else all fields stay empty.
    init(_ metadata: JSONNode?) {
        let metadata = metadata.flatMap { $0.kind == .object ? $0 : nil }
        self.init(workflow: metadata?["workflow"], beside: metadata)
        parameters = (metadata?["parameters"] ?? metadata?["params"]).map { Array($0.rawBytes) }
    }

    /// Reads a workflow object, and what it lacks from the object beside it.
    init(workflow: JSONNode?, beside metadata: JSONNode?) {
        let workflow = workflow.flatMap { $0.kind == .object ? $0 : nil }
        func value(_ key: String) -> JSONNode? {
            workflow?[key] ?? metadata?[key]
        }
        start = value("start").flatMap(Timestamp.init(workflowDate:))
        complete = value("complete").flatMap(Timestamp.init(workflowDate:))
        durationMilliseconds = value("duration")?.lenientInt64
        success = value("success")?.lenientBool
        exitStatus = value("exitStatus")?.lenientInt64
        errorMessage = value("errorMessage")?.lenientText
        errorReport = value("errorReport")?.lenientText
        resume = value("resume")?.lenientBool
        userName = value("userName")?.lenientText.map(indexable)
        projectName = value("projectName")?.lenientText.map(indexable)
        isReconstructed = workflow?["reconstructed"]?.bool ?? false
        manifest = value("manifest").map { Array($0.rawBytes) }
        stats = value("stats").map { Array($0.rawBytes) }
        self.workflow = workflow.map(Self.remainder)
    }

    /// The workflow without the members that have columns of their own.
    private static func remainder(of workflow: JSONNode) -> [UInt8] {
        let apart: Set<String> = [
            "start", "complete", "manifest", "stats", "workflowStats", "errorReport", "errorMessage",
            "params", "configText",
        ]
        var writer = JSONWriter()
        writer.object { object in
            for member in workflow.members {
                guard let key = member.key.string, !apart.contains(key) else { continue }
                object.member(key, raw: member.value.rawBytes)
            }
        }
        return writer.bytes
    }
}

extension Timestamp {
    /// A date of `metadata.workflow`: an ISO 8601 text, or the bean form of a Java offset date-time. Contract §4.5.
    init?(workflowDate node: JSONNode) {
        switch node.kind {
        case .string:
            guard let text = node.string, let parsed = Timestamp(iso8601: text) else { return nil }
            self = parsed
        case .object:
            self.init(bean: node)
        default:
            return nil
        }
    }

    private init?(bean: JSONNode) {
        func field(_ key: String) -> Int64? { bean[key]?.lenientInt64 }
        guard
            let year = field("year"), let month = field("monthValue"), let day = field("dayOfMonth"),
            (1...9999).contains(year), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        let (hour, minute, second) = (field("hour") ?? 0, field("minute") ?? 0, field("second") ?? 0)
        let nano = field("nano") ?? 0
        let offset = bean["offset"]?["totalSeconds"]?.lenientInt64 ?? 0
        guard
            (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second),
            (0...999_999_999).contains(nano), (-64_800...64_800).contains(offset)
        else { return nil }
        let days = CivilDate(year: Int(year), month: Int(month), day: Int(day)).daysSinceEpoch
        let seconds = Int64(days) * 86_400 + hour * 3600 + minute * 60 + second - offset
        self.init(microseconds: seconds * 1_000_000 + nano / 1000)
    }
}
