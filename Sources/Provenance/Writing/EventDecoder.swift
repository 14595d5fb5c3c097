internal import API
internal import Core
internal import HTTP
internal import Ingest

/// Reads the body of a POST of events, and says what is wrong with each value. Contract beampipe §3.7.
struct EventDecoder: Sendable {
    /// How many events an array may hold.
    static let mostEvents = 500
    /// How many sources one event may be about.
    static let mostSources = 100
    /// How many characters the name of a source may have.
    static let mostSourceCharacters = 100
    /// How far in the future an event may be, for clocks that differ.
    static let tolerance = Duration.seconds(300)

    /// What Weir adds to the events of a request.
    struct Origin: Sendable {
        let project: String
        /// `producer:<token>`.
        let actor: String
        let receivedAt: Timestamp
        /// The request's id.
        let correlation: String
        let trace: String?
        /// Older events are refused; nil where events are kept for ever.
        let oldest: Timestamp?
    }

    /// The events of a body.
    struct Body: Sendable {
        let events: [ProvenanceEvent]
        /// Whether it was an array.
        let isArray: Bool
    }

    let origin: Origin

    /// Reads a body.
    ///
    /// - Throws: 400 with a diagnostic for each wrong value, 415, or 422 for what is neither an object nor an array.
    func body(_ request: Request) throws(OperatorFailure) -> Body {
        let document = try Self.document(request)
        switch document.root.kind {
        case .object:
            var reader = EventReader(document.root, origin, path: "")
            let event = reader.event()
            guard reader.issues.isEmpty, let event else { throw .invalid(reader.issues) }
            return Body(events: [event], isArray: false)
        case .array: return Body(events: try events(document.root), isArray: true)
        default:
            throw OperatorFailure(
                .unprocessableContent,
                "The body is neither an event nor an array of events."
            )
        }
    }

    private func events(_ list: JSONNode) throws(OperatorFailure) -> [ProvenanceEvent] {
        var events: [ProvenanceEvent] = []
        var issues: [OperatorFailure.Diagnostic] = []
        var ids: Set<UUID128> = []
        var count = 0
        for node in list.elements {
            defer { count += 1 }
            guard count < Self.mostEvents else { continue }
            var reader = EventReader(node, origin, path: "[\(count)]")
            let event = reader.event()
            if let event, !ids.insert(event.id).inserted {
                reader.refuse("id", "repeated", "is the id of an earlier event of this array, too")
            }
            issues += reader.issues.prefix(
                ValidationIssues.mostShown - min(issues.count, ValidationIssues.mostShown)
            )
            if let event { events.append(event) }
        }
        guard (1...Self.mostEvents).contains(count) else {
            throw .invalid([
                .init("", "wrong_count", "the array has \(count) events: send 1 to \(Self.mostEvents)")
            ])
        }
        guard issues.isEmpty else { throw .invalid(issues) }
        return events
    }

    private static func document(_ request: Request) throws(OperatorFailure) -> JSONDocument {
        guard request.head.fields["Content-Type"] != nil, request.head.declaresJSON else {
            throw OperatorFailure(
                .unsupportedMediaType,
                "The body is not announced as JSON: send Content-Type: application/json."
            )
        }
        do {
            var body = request.body
            // A line of the journal has no line breaks; between tokens they mean nothing.
            let document = try JSONDocument(body, recordedDepth: 3)
            guard document.isStorable else {
                throw OperatorFailure(
                    .badRequest,
                    "The body has U+0000 or a value that PostgreSQL cannot store."
                )
            }
            guard document.sawLineBreaksOutsideStrings else { return document }
            JSONStorable.blankLineBreaks(in: &body)
            return try JSONDocument(body, recordedDepth: 3)
        } catch let error as JSONError {
            throw OperatorFailure(
                .badRequest,
                "The body is not JSON: \(error.message) at byte \(error.offset)."
            )
        } catch let failure as OperatorFailure {
            throw failure
        } catch {
            throw OperatorFailure(.badRequest, "The body is not JSON.")
        }
    }
}
