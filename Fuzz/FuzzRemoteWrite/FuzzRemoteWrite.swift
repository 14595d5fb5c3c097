// Arbitrary bytes as messages of remote-write of both versions; see scripts/fuzz.
//
// A reader that knows the labels already must find what one found that did not, and neither may lose or invent a sample.

import Core
import Workers

/// libFuzzer's entry point: the first byte chooses the version.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = UnsafeBufferPointer(start: start, count: count)
    guard let choice = input.first else { return 0 }
    let bytes = Array(input.dropFirst())
    let isSecond = choice & 1 == 1
    let reading = RemoteWriteReading()
    let cold = reading.contents(of: bytes, isVersion2: isSecond)
    let warm = reading.contents(of: bytes, isVersion2: isSecond)
    precondition(cold == warm, "BUG: known labels are read as others")
    guard let cold else { return 0 }
    guard let plain = PlainMessage.samples(bytes, field: isSecond ? 5 : 1) else {
        preconditionFailure("BUG: reads what is no message")
    }
    let stored = cold.samples.map { PlainMessage.Sample(bits: $0.bits, time: $0.time) }
    precondition(stored.count + cold.rejected == plain.count, "BUG: samples are lost or invented")
    if cold.rejected == 0 {
        precondition(Set(stored) == Set(plain), "BUG: other samples than those of the message")
    }
    for sample in cold.samples {
        precondition(!sample.name.isEmpty, "BUG: a series without a name")
        precondition(sample.labels.allSatisfy { !$0.isEmpty }, "BUG: a label without a name or a value")
    }
    return 0
}

/// The samples of a message, and nothing of their labels.
private enum PlainMessage {
    struct Sample: Hashable {
        let bits: UInt64
        /// In microseconds.
        let time: Int64
    }

    static func samples(_ bytes: [UInt8], field: Int) -> [Sample]? {
        var samples: [Sample] = []
        var message = ProtobufReader(bytes)
        while let part = try? message.next() {
            guard part.number == field else { continue }
            guard let range = part.value.range else { return nil }
            var series = message.part(range)
            while let part = try? series.next() {
                guard part.number == 2 else { continue }
                guard let range = part.value.range else { return nil }
                guard let sample = sample(series.part(range)) else { return nil }
                samples.append(sample)
            }
            guard series.isAtEnd else { return nil }
        }
        return message.isAtEnd ? samples : nil
    }

    private static func sample(_ reader: ProtobufReader) -> Sample? {
        var reader = reader
        var bits: UInt64 = 0
        var milliseconds: Int64 = 0
        while let part = try? reader.next() {
            if part.number == 1, case .fixed64(let value) = part.value { bits = value }
            if part.number == 2, let value = part.value.signed { milliseconds = value }
        }
        let (time, isBeyond) = milliseconds.multipliedReportingOverflow(by: 1000)
        return reader.isAtEnd ? Sample(bits: bits, time: isBeyond ? .max : time) : nil
    }
}
