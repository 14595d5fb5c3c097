internal import API
internal import Core
internal import HTTP
internal import HTTPServer
internal import Ingest
internal import Journal

/// The endpoint that receives samples of Prometheus and of what speaks its protocol.
///
/// https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/
struct RemoteWriteRoutes: Sendable {
    let writer: RemoteWriter
    /// The most bytes of a message.
    let messageBytes: Int

    /// The most bytes of a block that are read on the lane; a larger one would delay its other connections.
    private static let laneBytes = 256 << 10
    private let large = Lane(label: "weir.workers.large-writes")

    init(writer: RemoteWriter, messageBytes: Int) {
        self.writer = writer
        self.messageBytes = messageBytes
    }

    var receive: Endpoint {
        Endpoint(
            .post,
            "/api/v1/write",
            scope: .ingest,
            ownCoding: "snappy",
            documentation: EndpointDocumentation(
                tag: WorkersRoutes.tag,
                summary:
                    "Receives samples by Prometheus remote-write 1.0 or 2.0: a protobuf message in a Snappy block.",
                answers: [
                    APIAnswer(204, "All samples are durable.", contents: [], headers: Self.written),
                    APIAnswer(
                        400,
                        "The message cannot be read, and nothing is stored; or some of its samples are not stored, and "
                            + "`detail` says which. Do not send it again.",
                        .named(.error),
                        headers: Self.written
                    ),
                    .refusal(415, "The content type or the content encoding is not one of remote-write."),
                ] + APIAnswer.journalRefusals
            ),
            handler: .async { request in
                guard request.body.count > Self.laneBytes else { return await take(request) }
                return await withTaskExecutorPreference(large) { await take(request) }
            }
        )
    }

    private static let written = ["Samples", "Histograms", "Exemplars"].map { what in
        APIAnswer.Header(
            "X-Prometheus-Remote-Write-\(what)-Written",
            .count,
            "How many \(what.lowercased()) of the request are stored."
        )
    }

    private func take(_ request: Request) async -> Response {
        guard let version = RemoteWriteVersion(contentType: request.head.fields["Content-Type"]) else {
            return ErrorEnvelope.detail.response(
                .unsupportedMediaType,
                "The content type must be application/x-protobuf, with proto=prometheus.WriteRequest or "
                    + "proto=io.prometheus.write.v2.Request."
            )
        }
        // Senders of the first version may leave it out.
        guard request.head.fields["Content-Encoding"].map({ $0.lowercased() == "snappy" }) ?? true else {
            return ErrorEnvelope.detail.response(
                .unsupportedMediaType,
                "The content encoding must be snappy."
            )
        }
        let message: [UInt8]
        do throws(SnappyError) {
            message = try Snappy.decode(request.body, atMost: messageBytes)
        } catch {
            return refusal(error)
        }
        do throws(RemoteWriteFault) {
            let stored = try await writer.write(
                message,
                version,
                block: request.body,
                arrivedAt: request.receivedAt
            )
            return Self.response(stored)
        } catch {
            return refusal(error)
        }
    }

    // MARK: - Answers

    private func refusal(_ fault: RemoteWriteFault) -> Response {
        switch fault {
        case .malformed(let error):
            Self.counted(
                0,
                ErrorEnvelope.detail.response(
                    .badRequest,
                    "The body is not a message of remote-write: \(error). Nothing was stored."
                )
            )
        case .notStored(let error):
            Self.counted(0, ErrorEnvelope.detail.response(to: error, storing: "request"))
        }
    }

    private func refusal(_ error: SnappyError) -> Response {
        if case .tooLarge(let bytes) = error {
            return ErrorEnvelope.detail.response(
                .contentTooLarge,
                "The message has \(bytes) bytes, and at most \(messageBytes) are taken. Send fewer samples in a request, "
                    + "or raise WEIR_REMOTE_WRITE_MAX."
            )
        }
        return ErrorEnvelope.detail.response(
            .badRequest,
            "The body is not a Snappy block: \(error). Nothing was stored."
        )
    }

    private static func response(_ request: WriteRequest) -> Response {
        var response = Response(status: .noContent)
        let faults = SeriesFault.allCases.compactMap { fault in
            request.rejected.samples[fault].map { "\($0) because \(fault.rawValue)" }
        }
        if !faults.isEmpty {
            let stored = request.sampleCount
            response = ErrorEnvelope.detail.response(
                .badRequest,
                "\(stored) samples were stored. Not stored were \(faults.joined(separator: ", ")). "
                    + "Do not send them again."
            )
        }
        return counted(request.sampleCount, response)
    }

    /// With how many samples are stored, as a response to every message says, also when that has failed.
    private static func counted(_ samples: Int, _ answer: Response) -> Response {
        var response = answer
        response.fields.set("X-Prometheus-Remote-Write-Samples-Written", String(samples))
        response.fields.set("X-Prometheus-Remote-Write-Histograms-Written", "0")
        response.fields.set("X-Prometheus-Remote-Write-Exemplars-Written", "0")
        return response
    }
}

extension RemoteWriteVersion {
    /// The version of a content type; nil for one that is not of remote-write. One without a message is version 1.
    init?(contentType: String?) {
        let parts = (contentType ?? "").lowercased().split(separator: ";").map { part in
            part.filter { $0 != " " && $0 != "\t" && $0 != "\"" }
        }
        guard let type = parts.first else {
            self = .v1
            return
        }
        guard type == "application/x-protobuf" else { return nil }
        let message = parts.dropFirst().first { $0.hasPrefix("proto=") }?.dropFirst("proto=".count)
        switch message {
        case nil, "prometheus.writerequest": self = .v1
        case "io.prometheus.write.v2.request": self = .v2
        default: return nil
        }
    }
}
