internal import API
internal import Core
internal import HTTP
internal import HTTPServer
internal import Ingest
internal import OpenTelemetry

/// The endpoint that receives metrics by OTLP over HTTP, in protobuf and JSON.
struct OTLPRoutes: Sendable {
    let writer: OTLPWriter

    /// The most bytes of a message that are read on the lane; a larger one would delay its other connections.
    private static let laneBytes = 64 << 10
    private let large = Lane(label: "weir.workers.large-exports")

    init(writer: OTLPWriter) {
        self.writer = writer
    }

    var receive: Endpoint {
        Endpoint(
            .post,
            "/v1/metrics",
            scope: .ingest,
            documentation: EndpointDocumentation(
                tag: WorkersRoutes.tag,
                summary:
                    "Receives metrics by OTLP over HTTP; answers when they are durable, in the encoding of the request.",
                request: .any,
                answers: OTLPEncoding.answers(
                    "The metrics are durable; `partialSuccess` says how many data points were not taken, and why."
                ) + APIAnswer.journalRefusals
            ),
            handler: .async { request in
                guard request.body.count > Self.laneBytes else { return await take(request) }
                return await withTaskExecutorPreference(large) { await take(request) }
            }
        )
    }

    private func take(_ request: Request) async -> Response {
        guard let encoding = OTLPEncoding(contentType: request.head.fields["Content-Type"]) else {
            return OTLPEncoding.unsupported
        }
        do throws(OTLPWriter.Fault) {
            let answer = try await writer.write(request.body, encoding, arrivedAt: request.receivedAt)
            return encoding.response(answer, .metrics)
        } catch {
            switch error {
            case .malformed(let error):
                return encoding.response(.badRequest, RPCStatus(.invalidArgument, "\(error)"))
            case .notStored(let error): return ErrorEnvelope.detail.response(to: error, storing: "metrics")
            }
        }
    }
}
