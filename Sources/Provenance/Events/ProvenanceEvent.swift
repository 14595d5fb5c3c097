internal import Core
internal import Ingest
internal import Postgres

/// Something that happened: to an execution, a source, a project or Weir itself. Contract beampipe §3.1.
package struct ProvenanceEvent: Sendable {
    /// What may not be longer, in bytes: it goes into indexes.
    static let mostIndexedBytes = 500

    var id: UUID128
    var occurredAt: Timestamp
    var receivedAt: Timestamp
    /// Dotted: `execution.running`.
    var type: String
    var project: String
    /// The first of `sources`.
    var source: String?
    /// Every source that it is about, without repetitions.
    var sources: [String]
    var execution: UUID128?
    var actor: String?
    var correlation: String?
    /// 32 hexadecimal digits.
    var trace: String?
    /// A JSON object without line breaks.
    var payload: [UInt8]
    /// Of what its producer sent, but for the payload; nil for an event that a feature of Weir has written.
    var digest: UUID128?

    /// The columns of `provenance_events`, as `e`.
    static let columns = """
        e.id, e.occurred_at, e.event_type, e.project_module, e.source_identifier, e.execution_id, e.actor,
        e.correlation_id, e.payload::text AS payload, e.received_at, e.source_identifiers, e.trace_id, e.content_digest
        """

    /// Reads a row.
    init(_ row: Row) throws {
        id = try row.uuid("id")
        occurredAt = try row.timestamp("occurred_at")
        type = try row.text("event_type")
        project = try row.text("project_module")
        source = try row.optionalText("source_identifier")
        execution = try row.optionalUUID("execution_id")
        actor = try row.optionalText("actor")
        correlation = try row.optionalText("correlation_id")
        payload = try row.utf8("payload")
        receivedAt = try row.timestamp("received_at")
        sources = try row.textArray("source_identifiers").compactMap(\.self)
        trace = try row.optionalText("trace_id")
        digest = try row.optionalUUID("content_digest")
    }

    /// Makes an event.
    init(
        id: UUID128,
        type: String,
        project: String,
        occurredAt: Timestamp,
        receivedAt: Timestamp,
        payload: [UInt8] = Array("{}".utf8)
    ) {
        self.id = id
        self.type = type
        self.project = project
        self.occurredAt = occurredAt
        self.receivedAt = receivedAt
        self.payload = payload
        sources = []
    }

    /// The first source and the others, without repetitions.
    static func sources(_ first: String?, _ others: [String]) -> [String] {
        var seen: Set<String> = []
        return ([first].compactMap(\.self) + others).filter { seen.insert($0).inserted }
    }
}
