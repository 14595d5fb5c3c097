internal import API
internal import Core
internal import Ingest

/// Reads one event of a body and collects what is wrong with it. Contract beampipe §3.7.
struct EventReader {
    static let mostPayloadBytes = 64 << 10
    static let mostPayloadDepth = 32

    private let node: JSONNode
    private let origin: EventDecoder.Origin
    private let path: String
    private(set) var issues: [OperatorFailure.Diagnostic] = []

    init(_ node: JSONNode, _ origin: EventDecoder.Origin, path: String) {
        self.node = node
        self.origin = origin
        self.path = path
    }

    mutating func refuse(_ name: String, _ code: String, _ message: String) {
        let place = path.isEmpty || name.isEmpty ? path + name : "\(path).\(name)"
        issues.append(.init(place, code, message))
    }

    /// The event; nil when something is wrong with it.
    mutating func event() -> ProvenanceEvent? {
        guard node.kind == .object else {
            refuse("", "wrong_type", "is not an object")
            return nil
        }
        if present("actor") != nil {
            refuse("actor", "not_allowed", "is set by Weir: leave it out")
        }
        let type = type()
        let id = uuid("id")
        let occurredAt = time("occurred_at")
        let sources = sources()
        let execution = uuid("execution_id")
        let correlation = correlation()
        let payload = payload()
        guard issues.isEmpty, let type, let payload else { return nil }
        var event = ProvenanceEvent(
            id: id ?? .timeOrdered(at: origin.receivedAt),
            type: type,
            project: origin.project,
            occurredAt: occurredAt ?? origin.receivedAt,
            receivedAt: origin.receivedAt,
            payload: payload
        )
        event.sources = sources
        event.source = sources.first
        event.execution = execution
        event.actor = origin.actor
        event.correlation = correlation ?? origin.correlation
        event.trace = origin.trace
        event.digest = Self.digest(event, occurredAt, correlation)
        return event
    }

    /// What was sent, without what Weir has filled in: a repetition has another time of arrival and request id.
    private static func digest(_ event: ProvenanceEvent, _ occurredAt: Timestamp?, _ correlation: String?)
        -> UUID128
    {
        var digest = KeyDigest()
        digest.add(event.project)
        digest.add(event.type)
        digest.add(occurredAt?.description)
        digest.add(event.execution?.description)
        digest.add(correlation)
        for source in event.sources { digest.add(source) }
        return digest.finish()
    }

    // MARK: - Members

    private func present(_ name: String) -> JSONNode? { node[name].flatMap { $0.isNull ? nil : $0 } }

    private mutating func text(_ name: String) -> String? {
        guard let value = present(name) else { return nil }
        guard let text = value.string else {
            refuse(name, "wrong_type", "is not a text")
            return nil
        }
        return text
    }

    private mutating func type() -> String? {
        guard present("event_type") != nil else {
            refuse("event_type", "missing", "is missing")
            return nil
        }
        guard let type = text("event_type") else { return nil }
        guard EventType.isValid(type) else {
            let form = "2 to 4 words of a-z, 0-9 and _ that begin with a letter, divided by dots"
            refuse("event_type", "malformed", "is not \(form): run.calibrated")
            return nil
        }
        return type
    }

    private mutating func uuid(_ name: String) -> UUID128? {
        guard let text = text(name) else { return nil }
        if let id = UUID128(text) { return id }
        refuse(name, "not_a_uuid", "is not a UUID")
        return nil
    }

    private mutating func time(_ name: String) -> Timestamp? {
        guard let text = text(name) else { return nil }
        guard Self.hasZone(text), let time = Timestamp(iso8601: text) else {
            refuse(name, "not_a_time", "is not a time with a zone like 2026-08-22T03:23:43.555Z (RFC 3339)")
            return nil
        }
        if time > origin.receivedAt + EventDecoder.tolerance {
            refuse(name, "in_future", "is more than 5 minutes in the future: check the clock of the producer")
        } else if let oldest = origin.oldest, time < oldest {
            refuse(name, "too_old", "is older than events are kept (WEIR_PROVENANCE_KEEP)")
        }
        return time
    }

    /// RFC 3339 has a zone, where ISO 8601 may leave it out.
    private static func hasZone(_ text: String) -> Bool {
        guard let time = text.utf8.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "t") || $0 == 0x20 }) else {
            return false
        }
        return text.utf8[time...].dropFirst().contains { byte in
            byte | 0x20 == UInt8(ascii: "z") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
        }
    }

    private mutating func sources() -> [String] {
        let first = text("source_identifier")
        if let first { check(first, "source_identifier") }
        var others: [String] = []
        if let list = present("source_identifiers") {
            guard list.kind == .array else {
                refuse("source_identifiers", "wrong_type", "is not an array of texts")
                return []
            }
            for (place, element) in list.elements.enumerated() {
                guard place < EventDecoder.mostSources else {
                    refuse("source_identifiers", "too_many", "has more than \(EventDecoder.mostSources)")
                    break
                }
                guard let source = element.string else {
                    refuse("source_identifiers[\(place)]", "wrong_type", "is not a text")
                    continue
                }
                check(source, "source_identifiers[\(place)]")
                others.append(source)
            }
        }
        return ProvenanceEvent.sources(first, others)
    }

    private mutating func check(_ source: String, _ name: String) {
        if source.isEmpty {
            refuse(name, "empty", "is empty")
        } else if source.unicodeScalars.count > EventDecoder.mostSourceCharacters {
            refuse(name, "too_long", "is longer than \(EventDecoder.mostSourceCharacters) characters")
        }
    }

    private mutating func correlation() -> String? {
        guard let text = text("correlation_id") else { return nil }
        let bytes = text.utf8
        guard (1...128).contains(bytes.count), bytes.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            refuse("correlation_id", "malformed", "is not 1 to 128 visible ASCII characters")
            return nil
        }
        return text
    }

    private mutating func payload() -> [UInt8]? {
        guard let value = node["payload"] else { return Array("{}".utf8) }
        guard value.kind == .object else {
            refuse("payload", "wrong_type", "is not an object")
            return nil
        }
        guard value.rawBytes.count <= Self.mostPayloadBytes else {
            refuse("payload", "too_large", "is larger than 64 KiB")
            return nil
        }
        guard JSONDepth.of(value.rawBytes) <= Self.mostPayloadDepth else {
            refuse("payload", "too_deep", "is nested deeper than \(Self.mostPayloadDepth)")
            return nil
        }
        return Array(value.rawBytes)
    }
}
