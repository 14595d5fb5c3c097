internal import API
internal import Core
internal import HTTP
internal import HTTPServer
internal import Ingest
internal import Journal
internal import OpenTelemetry

/// The endpoint that receives spans.
struct SpanRoutes: Sendable {
    let journal: Journal
    let limits: OTLPLimits

    var receive: Endpoint {
        .receiving(
            .traces,
            tag: "Traces",
            taken: "The spans are durable; `partialSuccess` says how many were not taken."
        ) { await take($0, $1) }
    }

    private func take(_ request: Request, _ encoding: OTLPEncoding) async -> Response {
        let decoded: TraceRequest.Decoded
        do throws(OTLPError) {
            decoded = try encoding.spans(request.body, limits: limits)
        } catch {
            return encoding.refusal(error)
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
