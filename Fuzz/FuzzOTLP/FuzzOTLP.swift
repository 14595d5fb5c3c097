// Arbitrary bytes as requests of OTLP, traces and metrics, protobuf and JSON; see scripts/fuzz.
//
// What was decoded must be the same after it was encoded and decoded again, in either form.

import OpenTelemetry

/// libFuzzer's entry point: the first byte chooses the signal and the form.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = UnsafeBufferPointer(start: start, count: count)
    guard let choice = input.first else { return 0 }
    let bytes = Array(input.dropFirst())
    var limits = OTLPLimits()
    limits.depth = Int(choice >> 4) & 3
    limits.text = choice & 4 == 0 ? 1 << 16 : 5
    limits.attributes = choice & 8 == 0 ? 256 : 2
    if choice & 1 == 0 {
        traces(bytes, isJSON: choice & 2 != 0, limits)
    } else {
        metrics(bytes, isJSON: choice & 2 != 0, limits)
    }
    return 0
}

private func traces(_ bytes: [UInt8], isJSON: Bool, _ limits: OTLPLimits) {
    func read(_ bytes: [UInt8], isJSON: Bool) -> TraceRequest.Decoded? {
        isJSON
            ? try? TraceRequest.decode(json: bytes, limits: limits)
            : try? TraceRequest.decode(protobuf: bytes, limits: limits)
    }
    guard let first = read(bytes, isJSON: isJSON) else { return }
    let encoded = TraceRequest.encode(first.batches)
    for isJSON in [false, true] {
        let written = isJSON ? TraceRequest.json(first.batches) : encoded
        guard let again = read(written, isJSON: isJSON) else {
            preconditionFailure("BUG: does not read what it wrote")
        }
        precondition(again.rejected == 0, "BUG: rejects a span that it took")
        // Not the batches: NaN is not equal to itself.
        precondition(TraceRequest.encode(again.batches) == encoded, "BUG: reads other spans than it wrote")
    }
}

private func metrics(_ bytes: [UInt8], isJSON: Bool, _ limits: OTLPLimits) {
    func read(_ bytes: [UInt8], isJSON: Bool) -> [MetricBatch]? {
        isJSON
            ? try? MetricsRequest.decode(json: bytes, limits: limits)
            : try? MetricsRequest.decode(protobuf: bytes, limits: limits)
    }
    guard let first = read(bytes, isJSON: isJSON) else { return }
    let encoded = MetricsRequest.encode(first)
    for isJSON in [false, true] {
        let written = isJSON ? MetricsRequest.json(first) : encoded
        guard let again = read(written, isJSON: isJSON) else {
            preconditionFailure("BUG: does not read what it wrote")
        }
        precondition(MetricsRequest.encode(again) == encoded, "BUG: reads other metrics than it wrote")
    }
}
