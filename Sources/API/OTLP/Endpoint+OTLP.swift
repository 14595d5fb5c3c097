internal import Core
package import HTTP
internal import HTTPServer
package import OpenTelemetry

extension Endpoint {
    /// An endpoint that receives a signal by OTLP over HTTP, in protobuf and JSON. Its specification, "OTLP/HTTP".
    ///
    /// `taken` says what 200 means. `take` reads the body and answers; it runs on a lane of its own for a large one, which
    /// would delay other connections.
    package static func receiving(
        _ signal: OTLPSignal,
        tag: String,
        taken: String,
        take: @escaping @Sendable (Request, OTLPEncoding) async -> Response
    ) -> Endpoint {
        let large = Lane(label: "weir.otlp.\(signal.rawValue)")
        let what = signal == .traces ? "spans" : "metrics"
        return Endpoint(
            .post,
            "/v1/\(signal.rawValue)",
            scope: .ingest,
            documentation: EndpointDocumentation(
                tag: tag,
                summary:
                    "Receives \(what) by OTLP over HTTP; answers when they are durable, in the encoding of the request.",
                request: .any,
                answers: OTLPEncoding.answers(taken) + APIAnswer.journalRefusals
            ),
            handler: .async { request in
                guard let encoding = OTLPEncoding(contentType: request.head.fields["Content-Type"]) else {
                    return OTLPEncoding.unsupported
                }
                guard request.body.count > OTLPEncoding.laneBytes else {
                    return await take(request, encoding)
                }
                return await withTaskExecutorPreference(large) { await take(request, encoding) }
            }
        )
    }
}

extension OTLPEncoding {
    /// The most bytes of a message that are read on the lane of its connection.
    fileprivate static let laneBytes = 64 << 10

    /// The answer to bytes that are no message, or one beyond the limits: it must not be sent again.
    package func refusal(_ error: OTLPError) -> Response {
        response(.badRequest, RPCStatus(.invalidArgument, "\(error)"))
    }
}
