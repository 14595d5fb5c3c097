import Core
import HTTP
import HTTPServer
import OpenTelemetry

extension SpanRecorder {
    /// Records the span of a request, part of the caller's trace where `traceparent` names one. It has no path and no
    /// query, which may carry secrets: the route says what was asked.
    func record(_ request: RequestRecord, _ route: String) {
        let parents = request.head.fields.values("traceparent")
        let parent = parents.count == 1 ? TraceParent(parents[0]) : nil
        let end = UInt64(clamping: Timestamp.now().microseconds) * 1000
        record(below: parent) { trace, id in
            var span = Span(
                traceID: trace,
                spanID: id,
                name: "\(request.head.method.name.prefix(32)) \(route)",
                kind: .server,
                start: end - min(end, request.duration.nanoseconds),
                end: end
            )
            if parent != nil {
                span.traceState = TraceState(request.head.fields.values("tracestate"))?.header ?? ""
            }
            span.attributes = attributes(request, route)
            if let status = request.status {
                if status.code >= 500 { span.status = .init(.error) }
            } else {
                span.status = .init(.error, "the client went away before the answer")
            }
            return span
        }
    }

    /// By the semantic conventions of HTTP.
    private func attributes(_ request: RequestRecord, _ route: String) -> [Attribute] {
        var found = [
            Attribute("http.request.method", String(request.head.method.name.prefix(32))),
            Attribute("http.route", route),
            Attribute("http.request.body.size", Int64(request.requestBytes)),
            Attribute("http.response.size", Int64(request.responseBytes)),
            Attribute("weir.request.id", request.id),
        ]
        if let status = request.status {
            found.append(Attribute("http.response.status_code", Int64(status.code)))
            if status.code >= 500 { found.append(Attribute("error.type", String(status.code))) }
        }
        return found
    }
}

extension Duration {
    /// Whole nanoseconds, never negative.
    fileprivate var nanoseconds: UInt64 {
        UInt64(clamping: components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000)
    }
}
