internal import Core
internal import Ingest

/// The body of a line of the journal: the events of one request, with everything that Weir has added to them.
enum EventLine {
    /// The kind of the lines.
    static let kind = "provenance.events/1"

    /// The body of a line.
    static func encode(_ events: [ProvenanceEvent]) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 512 * events.count)
        writer.object { body in
            body.array("events") { list in
                for event in events { write(event, to: &list) }
            }
        }
        return writer.bytes
    }

    private static func write(_ event: ProvenanceEvent, to list: inout JSONWriter) {
        list.object { object in
            object.member("id", event.id)
            object.member("event_type", event.type)
            object.member("project_module", event.project)
            object.member("occurred_at", event.occurredAt, offset: .z)
            object.member("received_at", event.receivedAt, offset: .z)
            object.array("source_identifiers") { sources in
                for source in event.sources { sources.value(source) }
            }
            if let execution = event.execution { object.member("execution_id", execution) }
            if let actor = event.actor { object.member("actor", actor) }
            if let correlation = event.correlation { object.member("correlation_id", correlation) }
            if let trace = event.trace { object.member("trace_id", trace) }
            if let digest = event.digest { object.member("content_digest", digest) }
            object.member("payload", raw: event.payload)
        }
    }

    /// The events of a line.
    static func decode(_ body: [UInt8]) throws(Refusal) -> [ProvenanceEvent] {
        guard let root = try? JSONDocument(body, recordedDepth: 4).root, let list = root["events"],
            list.kind == .array
        else { throw Refusal(reason: "not the body of a line of provenance events") }
        var events: [ProvenanceEvent] = []
        for node in list.elements {
            guard let event = event(node) else { throw Refusal(reason: "an event of the line is incomplete") }
            events.append(event)
        }
        return events
    }

    private static func event(_ node: JSONNode) -> ProvenanceEvent? {
        guard let id = node["id"]?.string.flatMap({ UUID128($0) }), let type = node["event_type"]?.string,
            let project = node["project_module"]?.string, let occurredAt = node["occurred_at"]?.timestamp,
            let receivedAt = node["received_at"]?.timestamp, let payload = node["payload"]
        else { return nil }
        var event = ProvenanceEvent(
            id: id,
            type: type,
            project: project,
            occurredAt: occurredAt,
            receivedAt: receivedAt,
            payload: Array(payload.rawBytes)
        )
        event.sources = node["source_identifiers"]?.elements.compactMap(\.string) ?? []
        event.source = event.sources.first
        event.execution = node["execution_id"]?.string.flatMap { UUID128($0) }
        event.actor = node["actor"]?.string
        event.correlation = node["correlation_id"]?.string
        event.trace = node["trace_id"]?.string
        event.digest = node["content_digest"]?.string.flatMap { UUID128($0) }
        return event
    }
}
