internal import Core
internal import Ingest

/// The fields of a trace object that Weir reads; contract §4.4. All of them are optional.
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
    /// What only Tower's client tells; contract §5.3 (3).
    var executor: String?
    var machineType: String?
    var cloudZone: String?
    var priceModel: String?
    var spotInterruptions: Int32?
    var values = TraceValues()

    /// The fields beside the run that identify a completion when the task has no hash.
    ///
    /// Nextflow always sends a hash, in the weblog and in trace files, and each attempt has its own `task_id` and
    /// hash: those two identify the completion, because other fields may be missing from a trace file.
    var identityWithoutHash: [String?] {
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
}

extension Trace {
    /// Reads a trace object; nil for anything else.
    init?(_ node: JSONNode) {
        guard node.kind == .object else { return nil }
        for member in node.members {
            guard let key = member.key.string, let field = TraceField.named[key] else { continue }
            read(field, member.value)
        }
        values.dropAbsurdRequests()
    }

    mutating func read(_ field: TraceField, _ value: JSONNode) {
        switch field {
        case .taskID: taskID = value.lenientText.map(indexable)
        case .hash: hash = value.lenientText.map(indexable)
        case .process: process = value.lenientText.map(indexable)
        case .name: name = value.lenientText
        case .tag: tag = value.lenientText
        case .status: status = value.lenientText.map(indexable)
        case .exit: exit = value.lenientText.map(indexable)
        case .attempt: attempt = value.lenientInt64.flatMap(Int32.init(exactly:))
        case .errorAction: errorAction = value.lenientText.map(indexable)
        case .submit: (submitText, submitAt) = (value.lenientText, value.lenientMilliseconds)
        case .start: (startText, startAt) = (value.lenientText, value.lenientMilliseconds)
        case .complete: (completeText, completeAt) = (value.lenientText, value.lenientMilliseconds)
        case .nativeID: nativeID = value.lenientText
        case .queue: queue = value.lenientText
        case .container: container = value.lenientText
        case .workdir: workdir = value.lenientText
        case .hostname: hostname = value.lenientText
        default: values.read(field, value)
        }
    }
}

extension TraceValues {
    fileprivate mutating func read(_ field: TraceField, _ value: JSONNode) {
        switch field {
        case .duration: durationMilliseconds = Quantity.milliseconds.plausible(value.lenientDouble)
        case .realtime: realtimeMilliseconds = Quantity.milliseconds.plausible(value.lenientDouble)
        case .cpus: cpus = Quantity.cores.plausible(value.lenientDouble)
        case .memory: memory = Quantity.bytes.plausible(value.lenientDouble)
        case .disk: disk = Quantity.bytes.plausible(value.lenientDouble)
        case .time: timeMilliseconds = Quantity.milliseconds.plausible(value.lenientDouble)
        case .percentCPU: percentCPU = Quantity.percentOfCore.plausible(value.lenientDouble)
        case .percentMemory: percentMemory = Quantity.percentOfHost.plausible(value.lenientDouble)
        case .rss: rss = Quantity.bytes.plausible(value.lenientDouble)
        case .vmem: vmem = Quantity.bytes.plausible(value.lenientDouble)
        case .peakRSS: peakRSS = Quantity.bytes.plausible(value.lenientDouble)
        case .peakVmem: peakVmem = Quantity.bytes.plausible(value.lenientDouble)
        case .rchar: rchar = Quantity.bytes.plausible(value.lenientDouble)
        case .wchar: wchar = Quantity.bytes.plausible(value.lenientDouble)
        case .readBytes: readBytes = Quantity.bytes.plausible(value.lenientDouble)
        case .writeBytes: writeBytes = Quantity.bytes.plausible(value.lenientDouble)
        default: break
        }
    }

    /// Drops an implausible request: a share of it would be an absurd number.
    mutating func dropAbsurdRequests() {
        if let memory, let peakRSS, peakRSS > memory * Quantity.mostOfRequest, memory > 0 {
            self.memory = nil
        }
        if let cpus, let percentCPU, percentCPU > cpus * 100 * Quantity.mostOfRequest, cpus > 0 {
            self.cpus = nil
        }
    }
}

/// The members of a trace that Weir reads; contract §4.4. Found by one lookup in a table: a trace has some forty.
enum TraceField: String, CaseIterable {
    case taskID = "task_id"
    case hash, process, name, tag, status, exit, attempt
    case errorAction = "error_action"
    case submit, start, complete
    case nativeID = "native_id"
    case queue, container, workdir, hostname

    case duration, realtime, cpus, memory, disk, time
    case percentCPU = "%cpu"
    case percentMemory = "%mem"
    case rss, vmem
    case peakRSS = "peak_rss"
    case peakVmem = "peak_vmem"
    case rchar, wchar
    case readBytes = "read_bytes"
    case writeBytes = "write_bytes"

    static let named = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })
}
