internal import Core
internal import Crypto

/// A run to be sent: an element of the array of `POST /api/v1/runs/batch`.
struct ImportedRun {
    /// The id by which the server knows it and names it in refusals.
    let eventID: String
    /// The run as a JSON object.
    let json: [UInt8]

    /// The event id of a run that was recorded before there were any: the same at every import.
    static func eventID(forRun runID: String) -> String {
        var hash = SHA256()
        var runID = runID
        runID.withUTF8 { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        return "import-" + Hex.encode(Array(hash.finalize()).prefix(16))
    }
}

/// Values for runs that do not contain them.
struct ImportDefaults: Sendable {
    /// The agent of runs that name none.
    var agentName: String?
    /// The job type of runs that name none: the library's table allows that, the API does not.
    var jobType = "unknown"
}

/// Writes the members of a run, and counts the values that had to be changed.
struct RunWriter {
    private(set) var writer = JSONWriter(reservingCapacity: 1024)
    private(set) var textsKept = 0
    /// Numbers that JSON does not have: NaN, Infinity.
    private(set) var altered = 0
    private var eventID: String?
    private var runID: String?
    private var startTime: String?
    private var hasCreatedAt = false
    private var hasAgent = false
    private var hasJobType = false

    init() { writer.beginObject() }

    /// Adds a text, in its JSON spelling if that is known, and keeps those from which others may be derived.
    mutating func text(_ name: String, _ value: String, spelt json: ArraySlice<UInt8>? = nil) {
        switch name {
        case "event_id":
            // Old tables have the column, but no values.
            if value.isEmpty { return }
            eventID = value
        case "run_id": runID = value
        case "start_time": startTime = value
        case "created_at": hasCreatedAt = true
        case "agent_name": hasAgent = true
        case "job_type": hasJobType = true
        default: break
        }
        if let json { writer.member(name, raw: json) } else { writer.member(name, value) }
    }

    /// Adds a value that is JSON text already.
    mutating func raw(_ name: String, _ json: ArraySlice<UInt8>) {
        writer.member(name, raw: json)
    }

    /// Adds a JSON object that is stored as text. Other text becomes `{"text": …}`; a blank one is left out.
    mutating func object(_ name: String, _ text: String) {
        let isBlank = text.utf8.allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) }
        guard !isBlank else { return }
        let document = try? JSONDocument(text: text)
        switch document?.root.kind {
        case .object: writer.member(name, raw: document?.root.rawBytes ?? [])
        case .null: return
        default:
            // Text within a text is one level deeper.
            if let python = PythonJSON(Array("[\(text)]".utf8)),
                let inner = try? JSONDocument(Array(python.bytes.dropFirst().dropLast())),
                inner.root.kind == .object
            {
                altered += python.replaced
                writer.member(name, raw: inner.root.rawBytes)
                return
            }
            textsKept += 1
            writer.object(name) { $0.member("text", text) }
        }
    }

    /// Counts numbers that were altered before the run was read.
    mutating func addAltered(_ count: Int) { altered += count }

    /// Adds missing members and ends the object; nil without any id.
    mutating func finish(_ defaults: ImportDefaults) -> ImportedRun? {
        guard let id = eventID ?? runID.map(ImportedRun.eventID(forRun:)) else { return nil }
        if eventID == nil { writer.member("event_id", id) }
        // The server would take the time of the import.
        if !hasCreatedAt, let startTime { writer.member("created_at", startTime) }
        if !hasAgent, let agent = defaults.agentName { writer.member("agent_name", agent) }
        if !hasJobType { writer.member("job_type", defaults.jobType) }
        writer.endObject()
        return ImportedRun(eventID: id, json: writer.bytes)
    }

    /// Whether the id was derived.
    var isIDDerived: Bool { eventID == nil }
}
