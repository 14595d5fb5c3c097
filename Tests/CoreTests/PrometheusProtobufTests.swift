import Testing

@testable import Core

@Suite struct `Pushed messages of Protocol Buffers` {
    /// A field with a length.
    private func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        [number << 3 | 2, UInt8(bytes.count)] + bytes
    }

    private func text(_ number: UInt8, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

    private func double(_ number: UInt8, _ value: Double) -> [UInt8] {
        [number << 3 | 1] + (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) }
    }

    private func delimited(_ messages: [UInt8]...) -> [UInt8] {
        messages.flatMap { [UInt8($0.count)] + $0 }
    }

    private func families(_ body: [UInt8]) throws -> [PrometheusFamily] {
        try PrometheusProtobufReader.families(in: body)
    }

    @Test func `counters, gauges and untyped metrics have one value`() throws {
        let label = field(1, text(1, "l") + text(2, "v"))
        let counter = text(1, "c") + text(2, "help") + field(4, label + field(3, double(1, 3)))
        let gauge = text(1, "g") + [0x18, 1] + field(4, field(2, double(1, .infinity)))
        let untyped = text(1, "u") + [0x18, 3] + field(4, field(5, double(1, -1)))
        let found = try families(delimited(counter, gauge, untyped, text(1, "empty")))
        #expect(found.map(\.name) == ["c", "g", "u"])
        #expect(found.map(\.type) == [.counter, .gauge, .untyped])
        #expect(found[0].help == "help")
        #expect(found[0].samples == [PrometheusSample("c", [PrometheusLabel("l", "v")], value: 3)])
        #expect(found[1].samples == [PrometheusSample("g", value: .infinity)])
    }

    @Test func `a histogram has its buckets, its sum and its count, and a summary its quantiles`() throws {
        let bucket = field(3, [0x08, 2] + double(2, 0.5))
        let histogram = text(1, "h") + [0x18, 4] + field(4, field(7, [0x08, 3] + double(2, 1.5) + bucket))
        let quantile = field(3, double(1, 0.99) + double(2, 7))
        let summary = text(1, "s") + [0x18, 2] + field(4, field(4, [0x08, 5] + double(2, 9) + quantile))
        let found = try families(delimited(histogram, summary))
        #expect(
            found[0].samples == [
                PrometheusSample("h_bucket", [PrometheusLabel("le", "0.5")], value: 2),
                PrometheusSample("h_bucket", [PrometheusLabel("le", "+Inf")], value: 3),
                PrometheusSample("h_sum", value: 1.5), PrometheusSample("h_count", value: 3),
            ]
        )
        #expect(
            found[1].samples == [
                PrometheusSample("s", [PrometheusLabel("quantile", "0.99")], value: 7),
                PrometheusSample("s_sum", value: 9), PrometheusSample("s_count", value: 5),
            ]
        )
    }

    @Test func `exemplars come with their time`() throws {
        let exemplar =
            field(1, text(1, "trace_id") + text(2, "t")) + double(2, 0.25)
            + field(3, [0x08, 10, 0x10, 0xE8, 0x07])
        let counter = text(1, "c") + field(4, field(3, double(1, 3) + field(2, exemplar)))
        let found = try families(delimited(counter))[0].samples[0].exemplar
        #expect(found?.labels == [PrometheusLabel("trace_id", "t")])
        #expect(found?.value == 0.25)
        #expect(found?.at == Timestamp(microseconds: 10_000_001))
    }

    @Test func `refuses what is no family`() {
        let value = field(4, field(3, double(1, 3)))
        let label = field(1, text(1, "l") + text(2, "v"))
        let cases: [([UInt8], PrometheusProtobufError)] = [
            ([5, 1], .wire(.truncated)), (delimited([0x0B]), .wire(.group)),
            (delimited(value), .noMetricName),
            (delimited(text(1, "c") + [0x18, 9] + value), .unknownType),
            (delimited(text(1, "c") + [0x18, 1] + value), .wrongValue(metric: "c")),
            (delimited(text(1, "c") + field(4, [])), .wrongValue(metric: "c")),
            (delimited(text(1, "c") + field(4, label + label + field(3, []))), .repeatedLabel(metric: "c")),
            (delimited(text(1, "c") + field(4, field(1, text(2, "v")) + field(3, []))), .noLabelName),
            (delimited(text(1, "a\0")), .notUTF8), (delimited(field(1, [0xFF])), .notUTF8),
            (delimited([0x08, 1]), .wrongField),
        ]
        for (body, error) in cases { #expect(throws: error) { try families(body) } }
        var limits = PrometheusTextLimits()
        limits.samples = 1
        #expect(throws: PrometheusProtobufError.tooManySamples(limit: 1)) {
            try PrometheusProtobufReader.families(in: delimited(text(1, "c") + value + value), limits: limits)
        }
    }

    @Test(
        arguments: [
            (0, "0"), (10, "10"), (0.5, "0.5"), (1e6, "1e+06"), (123_456, "123456"),
            (1_234_567.5, "1.2345675e+06"),
            (1e-4, "0.0001"), (1e-5, "1e-05"), (-2.5, "-2.5"), (1e100, "1e+100"), (.infinity, "+Inf"),
            (0.1 + 0.2, "0.30000000000000004"),
        ] as [(Double, String)]
    )
    func `writes the bounds of buckets as Go does`(value: Double, text: String) {
        #expect(GoFloat.text(value) == text)
    }
}
