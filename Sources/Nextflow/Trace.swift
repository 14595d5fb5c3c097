internal import Core

/// What Weir reads of a trace object; contract §4.4. Everything may be missing.
struct Trace: Sendable {
    var taskID: String?
    var hash: String?
    var process: String?
    var name: String?
    var tag: String?
    var status: String?
    var exit: String?
    var attempt: Int32?
    var errorAction: String?
    var submitText: String?
    var startText: String?
    var completeText: String?
    var submitAt: Timestamp?
    var startAt: Timestamp?
    var completeAt: Timestamp?
    var nativeID: String?
    var queue: String?
    var container: String?
    var workdir: String?
    var hostname: String?
    var values = TraceValues()

    /// The fields beside the run that make two completions the same.
    var identity: [String?] {
        [taskID, attempt.map { String($0) }, status, exit, submitText, startText, completeText]
    }
}

/// The measured and requested amounts of a trace: milliseconds, bytes, per cent of one core.
struct TraceValues: Sendable, Equatable {
    var durationMilliseconds: Double?
    var realtimeMilliseconds: Double?
    var cpus: Double?
    var memory: Double?
    var disk: Double?
    var timeMilliseconds: Double?
    var percentCPU: Double?
    var percentMemory: Double?
    var rss: Double?
    var vmem: Double?
    var peakRSS: Double?
    var peakVmem: Double?
    var rchar: Double?
    var wchar: Double?
    var readBytes: Double?
    var writeBytes: Double?

    /// Every value, in the order of the columns of `task`.
    static let all: [any WritableKeyPath<TraceValues, Double?> & Sendable] = [
        \.durationMilliseconds, \.realtimeMilliseconds, \.cpus, \.memory, \.disk, \.timeMilliseconds,
        \.percentCPU, \.percentMemory, \.rss, \.vmem, \.peakRSS, \.peakVmem, \.rchar, \.wchar,
        \.readBytes, \.writeBytes,
    ]
}

extension Trace {
    /// Reads a trace object; nil for anything else.
    init?(_ node: JSONNode) {
        guard node.kind == .object else { return nil }
        for member in node.members {
            read(member)
        }
    }

    private mutating func read(_ member: JSONMember) {
        let value = member.value
        switch member.key.string ?? "" {
        case "task_id": taskID = value.lenientText.map(indexable)
        case "hash": hash = value.lenientText.map(indexable)
        case "process": process = value.lenientText.map(indexable)
        case "name": name = value.lenientText
        case "tag": tag = value.lenientText
        case "status": status = value.lenientText.map(indexable)
        case "exit": exit = value.lenientText.map(indexable)
        case "attempt": attempt = value.lenientInt64.flatMap(Int32.init(exactly:))
        case "error_action": errorAction = value.lenientText.map(indexable)
        case "submit": (submitText, submitAt) = (value.lenientText, value.lenientMilliseconds)
        case "start": (startText, startAt) = (value.lenientText, value.lenientMilliseconds)
        case "complete": (completeText, completeAt) = (value.lenientText, value.lenientMilliseconds)
        case "native_id": nativeID = value.lenientText
        case "queue": queue = value.lenientText
        case "container": container = value.lenientText
        case "workdir": workdir = value.lenientText
        case "hostname": hostname = value.lenientText
        default: values.read(member)
        }
    }
}

extension TraceValues {
    fileprivate mutating func read(_ member: JSONMember) {
        let value = member.value
        switch member.key.string ?? "" {
        case "duration": durationMilliseconds = value.lenientDouble
        case "realtime": realtimeMilliseconds = value.lenientDouble
        case "cpus": cpus = value.lenientDouble
        case "memory": memory = value.lenientDouble
        case "disk": disk = value.lenientDouble
        case "time": timeMilliseconds = value.lenientDouble
        case "%cpu": percentCPU = value.lenientDouble
        case "%mem": percentMemory = value.lenientDouble
        case "rss": rss = value.lenientDouble
        case "vmem": vmem = value.lenientDouble
        case "peak_rss": peakRSS = value.lenientDouble
        case "peak_vmem": peakVmem = value.lenientDouble
        case "rchar": rchar = value.lenientDouble
        case "wchar": wchar = value.lenientDouble
        case "read_bytes": readBytes = value.lenientDouble
        case "write_bytes": writeBytes = value.lenientDouble
        default: break
        }
    }
}
