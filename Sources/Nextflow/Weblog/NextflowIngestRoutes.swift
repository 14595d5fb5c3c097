package import API
internal import Dispatch
internal import HTTP
internal import HTTPServer
internal import Ingest
package import Journal

/// The endpoints that receive weblog events. Contract §1.3, §4.1, §4.7.
package struct NextflowIngestRoutes: Sendable {
    /// The client's default URL has no path; users configure `/weblog` or the reference's `/telemetry`.
    private static let paths = ["/telemetry", "/", "/weblog"]

    /// The most bytes of an event that are read on the lane; a larger event would delay its other connections.
    private static let laneBytes = 256 << 10

    private let largeEvents = DispatchQueue(label: "weir.nextflow.large-events")
    private let journal: Journal
    private let metrics: NextflowMetrics?

    /// Makes the routes.
    package init(journal: Journal, metrics: NextflowMetrics? = nil) {
        self.journal = journal
        self.metrics = metrics
    }

    /// One POST for each path, all with the same handler.
    package var all: [Endpoint] {
        Self.paths.map { path in
            Endpoint(
                .post,
                path,
                scope: .ingest,
                documentation: EndpointDocumentation(
                    tag: "Nextflow",
                    summary: "Takes one weblog event; answers when it is durable, with the event itself.",
                    request: .named(NextflowSchemas.posted),
                    answers: Self.answers
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

    private static let answers =
        [
            APIAnswer(
                200,
                "The event is durable. It is echoed, without the names of time zones.",
                .named(NextflowSchemas.posted)
            ),
            APIAnswer(
                422,
                "The body is not a JSON object, or required members are wrong; one entry for each.",
                .named(NextflowSchemas.faults)
            ),
        ] + APIAnswer.journalRefusals

    private func accept(_ request: Request, _ exchange: Exchange) {
        let body: [UInt8]
        do throws(NextflowFault) {
            guard request.head.declaresJSON else { throw .notAnObject }
            body = try NextflowDecoder.clean(request.body)
        } catch {
            metrics?.refused(error.reason)
            exchange.respond(error.response)
            return
        }
        journal.append(
            kind: NextflowProjection.kind,
            body: body,
            mayUseReserve: true,
            on: exchange.lane.queue
        ) { result in
            switch result {
            case .success: exchange.respond(.json(body))
            // The client does not retry, so the journal has already used its reserve before this response. An event
            // that is not durable is not acknowledged.
            case .failure(let error):
                exchange.respond(ErrorEnvelope.detail.response(to: error, storing: "event"))
            }
        }
    }
}
