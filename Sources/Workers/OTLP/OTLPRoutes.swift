internal import API
internal import Core
internal import HTTP
internal import HTTPServer
internal import Ingest
internal import OpenTelemetry

/// The endpoint that receives metrics.
struct OTLPRoutes: Sendable {
    let writer: OTLPWriter

    var receive: Endpoint {
        .receiving(
            .metrics,
            tag: WorkersRoutes.tag,
            taken:
                "The metrics are durable; `partialSuccess` says how many data points were not taken, and why."
        ) { await take($0, $1) }
    }

    private func take(_ request: Request, _ encoding: OTLPEncoding) async -> Response {
        do throws(OTLPWriter.Fault) {
            let answer = try await writer.write(request.body, encoding, arrivedAt: request.receivedAt)
            return encoding.response(answer, .metrics)
        } catch {
            switch error {
            case .malformed(let error): return encoding.refusal(error)
            case .notStored(let error): return ErrorEnvelope.detail.response(to: error, storing: "metrics")
            }
        }
    }
}
