internal import Core

/// Events as clients see them: with the secrets in their payloads masked. Contract beampipe §3.2, §6.6.
enum EventEncoder {
    /// Writes the event object: the original's members in its order, then Weir's own.
    static func write(_ event: ProvenanceEvent, to writer: inout JSONWriter) {
        writer.object { object in
            object.member("id", event.id)
            object.member("occurred_at", event.occurredAt, offset: .z)
            object.member("event_type", event.type)
            object.member("project_module", event.project)
            object.member("source_identifier", event.source)
            object.member("execution_id", event.execution)
            object.member("actor", event.actor)
            object.member("correlation_id", event.correlation)
            object.member("payload", raw: Redaction.masked(event.payload))
            object.member("received_at", event.receivedAt, offset: .z)
            object.array("source_identifiers") { list in
                for source in event.sources { list.value(source) }
            }
            object.member("trace_id", event.trace)
        }
    }

    /// The event object as one line.
    static func object(_ event: ProvenanceEvent) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 512 + event.payload.count)
        write(event, to: &writer)
        return writer.bytes
    }
}
