internal import Dispatch
internal import HTTP
internal import HTTPServer
package import Ingest
package import Journal

/// Where weblog events come in. Contract §1.3, §4.1, §4.7.
package struct NextflowIngestRoutes: Sendable {
    /// The client's default URL has no path; people write `/weblog` and the reference's `/telemetry`.
    private static let paths = ["/telemetry", "/", "/weblog"]

    /// Bytes of an event that are read on the lane; more would keep it from its other connections for long.
    private static let laneBytes = 256 << 10

    private let largeEvents = DispatchQueue(label: "weir.nextflow.large-events")
    private let journal: Journal
    private let redactor: Redactor?
    private let metrics: NextflowMetrics?

    /// Makes the routes; `redactor` masks values before they reach the journal.
    package init(journal: Journal, redactor: Redactor? = nil, metrics: NextflowMetrics? = nil) {
        self.journal = journal
        self.redactor = redactor
        self.metrics = metrics
    }

    /// One POST for each path, all alike.
    package var routes: [Route] {
        Self.paths.map { path in
            Route(
                .post,
                path,
                scope: .ingest,
                documentation: RouteDocumentation(
                    tag: "Nextflow",
                    summary: "Takes one weblog event; answers when it is durable, with the event itself.",
                    readsBody: true
                ),
                handler: .callback { request, exchange in
                    if request.body.count <= Self.laneBytes {
                        accept(request, exchange)
                    } else {
                        largeEvents.async { accept(request, exchange) }
                    }
                }
            )
        }
    }

    private func accept(_ request: Request, _ exchange: Exchange) {
        let body: [UInt8]
        do throws(NextflowFault) {
            guard Self.isJSON(request.head.fields["Content-Type"]) else { throw .notAnObject }
            body = try NextflowDecoder.clean(request.body, redactor)
        } catch {
            metrics?.refused(error.reason)
            exchange.respond(error.response)
            return
        }
        journal.append(
            kind: NextflowProjection.kind,
            members: [],
            body: body,
            mayUseReserve: true,
            on: exchange.lane.queue
        ) { result in
            switch result {
            case .success: exchange.respond(.json(body))
            case .failure(let error): exchange.respond(Self.response(to: error))
            }
        }
    }

    /// A missing content type is taken for JSON, any other but `application/json` and `…+json` for raw bytes.
    private static func isJSON(_ contentType: String?) -> Bool {
        guard let contentType, !contentType.isEmpty, contentType != "application/json" else { return true }
        let essence = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
        return essence == "application/json"
            || (essence.hasPrefix("application/") && essence.hasSuffix("+json"))
    }

    /// The client never repeats an event, so that everything is done before this is sent; but an event that is not
    /// durable is not acknowledged.
    private static func response(to error: JournalError) -> Response {
        var response: Response
        switch error {
        case .diskFull:
            response = ErrorEnvelope.detail.response(
                .insufficientStorage,
                "The disk of the journal is full: the event was not stored."
            )
        case .lineTooLarge:
            response = ErrorEnvelope.detail.response(
                .contentTooLarge,
                "The event is larger than a line of the journal may be."
            )
        default:
            response = ErrorEnvelope.detail.response(
                .serviceUnavailable,
                "The journal cannot be written at the moment: the event was not stored. Send it again."
            )
        }
        response.fields.append("Retry-After", "1")
        return response
    }
}
