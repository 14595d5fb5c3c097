import Core
import FeatureTestKit
import HTTP

@testable import Workers

/// A series to send.
struct SentSeries {
    var labels: [(String, String)]
    /// In milliseconds since 1970.
    var samples: [(Int64, UInt64)]
    /// Type, help and unit, for version 2.
    var metadata: (UInt64, String, String)?

    init(_ name: String, _ labels: [(String, String)] = [], _ samples: (Int64, Double)...) {
        self.labels = [("__name__", name)] + labels
        self.samples = samples.map { ($0.0, $0.1.bitPattern) }
    }

    func write(to message: inout ProtobufWriter) {
        message.field(1) { series in
            for (name, value) in labels {
                series.field(1) { label in
                    label.field(1, name)
                    label.field(2, value)
                }
            }
            for (time, bits) in samples { Self.sample(time, bits, to: &series) }
        }
    }

    static func sample(_ time: Int64, _ bits: UInt64, to series: inout ProtobufWriter) {
        series.field(2) { sample in
            sample.field(1, bits: bits)
            sample.field(2, integer: time)
        }
    }

    /// A message of version 1.
    static func message(_ series: [SentSeries]) -> [UInt8] {
        ProtobufWriter.message { message in for one in series { one.write(to: &message) } }
    }

    /// A message of version 2.
    static func message2(_ series: [SentSeries]) -> [UInt8] {
        var symbols = [""]
        func reference(_ text: String) -> UInt64 {
            if let index = symbols.firstIndex(of: text) { return UInt64(index) }
            symbols.append(text)
            return UInt64(symbols.count - 1)
        }
        let references = series.map { $0.labels.flatMap { [reference($0.0), reference($0.1)] } }
        let descriptions = series.map { one in
            one.metadata.map { (type: $0.0, help: reference($0.1), unit: reference($0.2)) }
        }
        return ProtobufWriter.message { message in
            for symbol in symbols { message.field(4, symbol) }
            for (index, one) in series.enumerated() {
                message.field(5) { entry in
                    entry.field(1) { packed in for reference in references[index] { packed.varint(reference) }
                    }
                    for (time, bits) in one.samples { sample(time, bits, to: &entry) }
                    guard let described = descriptions[index] else { return }
                    entry.field(5) { metadata in
                        metadata.field(1, integer: Int64(described.type))
                        metadata.field(3, integer: Int64(described.help))
                        metadata.field(4, integer: Int64(described.unit))
                    }
                }
            }
        }
    }
}

extension WorkersHarness {
    static let v1 = "application/x-protobuf"
    static let v2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request"

    /// Sends a message as a sender of remote-write does.
    @discardableResult
    func write(
        _ message: [UInt8],
        type: String? = v1,
        coding: String? = "snappy"
    ) async throws -> Answer {
        var fields: HeaderFields = [:]
        if let type { fields.append("Content-Type", type) }
        if let coding { fields.append("Content-Encoding", coding) }
        return try await feature.send(.post, "/api/v1/write", bytes: Snappy.encode(message), fields: fields)
    }

    @discardableResult
    func write(_ series: SentSeries...) async throws -> Answer {
        try await write(SentSeries.message(series))
    }
}
