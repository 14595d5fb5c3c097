internal import API
internal import Core
internal import HTTP
internal import HTTPServer
internal import Ingest
internal import Journal
internal import OpenTelemetry

/// The endpoint that receives spans by OTLP over HTTP, in protobuf and JSON.
struct SpanRoutes: Sendable {
    let journal: Journal
    let limits: OTLPLimits

    /// The most bytes of a message that are read on the lane; a larger one would delay its other connections.
    private static let laneBytes = 64 << 10
    private let large = Lane(label: "weir.traces.large-requests")

    init(journal: Journal, limits: OTLPLimits) {
        self.journal = journal
        self.limits = limits
    }

    var receive: Endpoint {
        Endpoint(
            .post,
            "/v1/traces",
            scope: .ingest,
            documentation: EndpointDocumentation(
                tag: "Traces",
                summary:
                    "Receives spans by OTLP over HTTP; answers when they are durable, in the encoding of the request.",
                request: .any,
                answers: OTLPEncoding.answers(
                    "The spans are durable; `partialSuccess` says how many were not taken."
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
        let decoded: TraceRequest.Decoded
        do throws(OTLPError) {
            decoded = try encoding.spans(request.body, limits: limits)
        } catch {
            return encoding.response(.badRequest, RPCStatus(.invalidArgument, "\(error)"))
        }
        let answer = ExportResponse(rejected: Int64(decoded.rejected), message: decoded.message)
        guard !decoded.batches.isEmpty else { return encoding.response(answer) }
        do throws(JournalError) {
            try await journal.append(kind: SpanLine.kind, body: SpanLine.body(request.body, encoding))
        } catch {
            return ErrorEnvelope.detail.response(to: error, storing: "spans")
        }
        return encoding.response(answer)
    }
}
