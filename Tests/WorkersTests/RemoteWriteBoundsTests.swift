import Core
import FeatureTestKit
import HTTP
import TestKit
import Testing

@testable import Workers

/// Small messages that would take much memory.
@Suite struct `A message of remote-write that is larger than it looks` {
    /// A sample, a series without labels, and one with an empty label.
    private static let parts: [[UInt8]] = [
        [0x12, 0x00], [0x0A, 0x00, 0x12, 0x00], [0x0A, 0x02, 0x0A, 0x00, 0x12, 0x00],
    ]

    @Test(arguments: parts)
    func `is refused when it has nothing but tiny parts`(part: [UInt8]) async throws {
        let weir = try WorkersHarness()
        let message = ProtobufWriter.message { message in
            if part.count == 2 {
                message.field(1) { series in
                    for _ in 0..<20_000 { series.field(2, bytes: []) }
                }
            } else {
                for _ in 0..<20_000 { message.field(1, bytes: part) }
            }
        }
        let answer = try await weir.write(message)
        #expect(answer.status == 400)
        #expect(answer.text.contains("has more parts than a message of its size may have"))
    }

    @Test func `is refused when its table of texts has nothing but tiny ones`() async throws {
        let weir = try WorkersHarness()
        let message = ProtobufWriter.message { message in
            for _ in 0..<20_000 { message.field(4, "") }
        }
        let answer = try await weir.write(message, type: WorkersHarness.v2)
        #expect(answer.status == 400)
        #expect(answer.text.contains("has more parts than a message of its size may have"))
    }

    @Test func `loses help and unit that are too long, and nothing else`() async throws {
        let weir = try WorkersHarness()
        var described = SentSeries("a", [("job", "j")], (1, 1))
        described.metadata = (1, String(repeating: "x", count: 5000), "jobs")
        let answer = try await weir.write(SentSeries.message2([described]), type: WorkersHarness.v2)
        #expect(answer.status == 204)
        #expect(
            try await weir.rows("SELECT metric_type, help_text, unit, metric_value FROM noetl.metric")
                == ["counter|∅|jobs|1"]
        )
    }

    @Test func `is stored only as far as the labels of its series are not too long together`() throws {
        let long = String(repeating: "x", count: 4096)
        let shared = (1...60).map { ("label_\($0)", long) }
        let series = (1...8).map { SentSeries("a", [("job", "j"), ("n", "\($0)")] + shared, (1, 1)) }
        // 2 MB of labels in a message of 6 KB.
        let message = SentSeries.message2(series)
        #expect(message.count < 10_000)
        let limits = ReportLimits(newLabelBytes: 1 << 20)
        let identities = SeriesIdentities()
        let request = try WriteRequestDecoder.request(message, .v2, identities, limits)
        #expect(request.sampleCount == 4)
        #expect(request.rejected.samples == [.tooLarge: 4])
        #expect(request.rejected.places == [4, 5, 6, 7])
        // What is known takes nothing, and a line that was accepted is read again.
        let again = try WriteRequestDecoder.request(message, .v2, identities, limits)
        #expect(again.sampleCount == 8)
        let line = try WriteRequestDecoder.request(message, .v2, SeriesIdentities(), .none)
        #expect(line.sampleCount == 8)
    }

    @Test(arguments: [RemoteWriteVersion.v1, .v2])
    func `has as many labels as a series may have, beside those of a component`(version: RemoteWriteVersion)
        async throws
    {
        let weir = try WorkersHarness()
        func series(_ name: String, _ count: Int) -> SentSeries {
            let own = (1...count).map { ("l\($0)", "\($0)") }
            return SentSeries(name, own + [("component", "c"), ("component_type", "worker_pool")], (1, 1))
        }
        let all = [series("fits", 64), series("more", 65), series("many", 400)]
        let answer =
            switch version {
            case .v1: try await weir.write(SentSeries.message(all))
            case .v2: try await weir.write(SentSeries.message2(all), type: WorkersHarness.v2)
            }
        #expect(answer.text.contains("1 samples were stored. Not stored were 2 because"))
        #expect(try await weir.rows("SELECT metric_name FROM noetl.metric") == ["fits"])
    }
}
