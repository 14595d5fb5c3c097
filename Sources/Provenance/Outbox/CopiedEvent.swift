internal import Core
internal import Ingest
internal import OpenTelemetry

/// An event of another feature as a provenance event: one stream for a project, whatever ran it.
enum CopiedEvent {
    /// The project of what belongs to none. Contract beampipe §3.4.
    static let system = "system"

    /// The event.
    ///
    /// Its id is made of what it says, so that the same event always has the same one; those of later events are larger,
    /// as those of version 7 are. RFC 9562 §5.7.
    static func event(_ outbox: OutboxEvent) -> ProvenanceEvent {
        let detail = (try? JSONDocument(outbox.detail))?.root
        let occurredAt = detail?["occurred_at"]?.timestamp ?? outbox.at
        var event = ProvenanceEvent(
            id: id(outbox, occurredAt),
            type: indexable(outbox.kind),
            project: text(detail, "project") ?? system,
            occurredAt: occurredAt,
            receivedAt: outbox.at
        )
        event.source = text(detail, "source_identifier")
        let others = detail?["source_identifiers"]?.elements.compactMap(\.string) ?? []
        event.sources = ProvenanceEvent.sources(event.source, others.map(indexable))
        event.execution = execution(detail, outbox)
        let family = outbox.kind.prefix { $0 != "." }
        event.actor = text(detail, "actor") ?? indexable("system:\(family)")
        event.correlation = text(detail, "correlation_id")
        event.trace = text(detail, "trace_id").flatMap { TraceID(lenient: $0)?.description }
        if let payload = detail?["payload"], payload.kind == .object {
            event.payload = Array(payload.rawBytes)
        } else if detail?.kind == .object {
            event.payload = outbox.detail
        }
        return event
    }

    /// An empty text says as much as none.
    private static func text(_ detail: JSONNode?, _ name: String) -> String? {
        guard let text = detail?[name]?.string, !text.isEmpty else { return nil }
        return indexable(text)
    }

    /// What ran: an execution, or a run whose id is a UUID.
    private static func execution(_ detail: JSONNode?, _ outbox: OutboxEvent) -> UUID128? {
        let texts = [detail?["execution_id"]?.string, detail?["pipeline"]?.string]
        return texts.compactMap(\.self).lazy.compactMap { UUID128($0) }.first
    }

    private static func id(_ outbox: OutboxEvent, _ occurredAt: Timestamp) -> UUID128 {
        var digest = KeyDigest()
        digest.add("outbox")
        digest.add(outbox.kind)
        digest.add(outbox.subject)
        digest.add(outbox.at.description)
        digest.add(bytes: outbox.detail[...])
        return .timeOrdered(at: occurredAt, rest: digest.finish())
    }
}
