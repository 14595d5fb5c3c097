internal import OTLPClient
internal import OpenTelemetry

/// Sends spans once, and says what became of them.
typealias SpanSending = @Sendable (_ batches: [SpanBatch]) async -> OTLPSender.Outcome

extension OTLPSender {
    /// Sends spans.
    var spans: SpanSending {
        { batches in await self.send(TraceRequest.encode(batches)) }
    }
}
