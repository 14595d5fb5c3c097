internal import Core
internal import OpenTelemetry

extension SpanRecorder {
    /// Records a span for a batch of a stream: `load runs`, from the first statement to the commit, with the number of
    /// lines. A batch that fails and is tried again is a span each time.
    func recordingBatch(of stream: String, _ apply: () async throws -> Int) async throws {
        guard isRecording else {
            _ = try await apply()
            return
        }
        let start = Timestamp.now()
        var attributes = [Attribute("weir.stream", stream), Attribute("db.system.name", "postgresql")]
        do {
            let lines = try await apply()
            attributes.append(Attribute("messaging.batch.message_count", Int64(lines)))
            record(stream, start, attributes, .init())
        } catch {
            attributes.append(Attribute("error.type", "\(type(of: error))"))
            record(stream, start, attributes, .init(.error, "\(error)"))
            throw error
        }
    }

    private func record(
        _ stream: String,
        _ start: Timestamp,
        _ attributes: [Attribute],
        _ status: Span.Status
    ) {
        record { trace, id in
            var span = Span(
                traceID: trace,
                spanID: id,
                name: "load \(stream)",
                kind: .consumer,
                start: UInt64(clamping: start.microseconds) * 1000,
                end: UInt64(clamping: Timestamp.now().microseconds) * 1000
            )
            span.attributes = attributes
            span.status = status
            return span
        }
    }
}
