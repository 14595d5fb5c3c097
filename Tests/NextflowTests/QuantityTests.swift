import Core
import Testing

@testable import Nextflow

@Suite struct `Plausible amounts` {
    private func values(_ trace: String) throws -> TraceValues {
        let document = try JSONDocument(Array(trace.utf8))
        return try #require(Trace(document.root)).values
    }

    @Test(
        arguments: [
            ("-1", nil), ("-0.0", 0), ("0", 0), ("1e-300", nil), ("0.5", nil), ("1", 1),
            ("536870912", 536_870_912),
            ("9e18", 9e18), ("1e19", nil), ("1e308", nil), ("\"1e400\"", nil), ("\"-5\"", nil), ("\"7\"", 7),
        ] as [(String, Double?)]
    )
    func `bytes are absent unless they are zero or between one and 8 EiB`(sent: String, expected: Double?)
        throws
    {
        let values = try values(#"{"peak_rss":\#(sent),"read_bytes":\#(sent),"memory":\#(sent)}"#)
        #expect(values.peakRSS == expected)
        #expect(values.readBytes == expected)
        #expect(values.memory == expected)
        #expect(values.peakRSS?.sign != .minus)
    }

    @Test(
        arguments: [
            ("-1", nil), ("0", 0), ("1e-9", nil), ("12.5", 12.5), ("1e12", 1e12), ("1e18", nil),
        ] as [(String, Double?)]
    )
    func `times are absent unless they are zero or at most 31 years`(sent: String, expected: Double?) throws {
        let values = try values(#"{"realtime":\#(sent),"duration":\#(sent),"time":\#(sent)}"#)
        #expect(values.realtimeMilliseconds == expected)
        #expect(values.durationMilliseconds == expected)
        #expect(values.timeMilliseconds == expected)
    }

    @Test func `shares of a core and of a host have their own bounds`() throws {
        let odd = try values(#"{"cpus":1e-300,"%cpu":1e308,"%mem":1e9}"#)
        #expect(odd == TraceValues())
        let usual = try values(#"{"cpus":0.5,"%cpu":98.7,"%mem":3.1}"#)
        #expect(usual == TraceValues(cpus: 0.5, percentCPU: 98.7, percentMemory: 3.1))
    }

    @Test func `a request of a thousandth of what was used counts as absent`() throws {
        let absurd = try values(#"{"memory":1,"peak_rss":536870912,"cpus":0.001,"%cpu":400}"#)
        #expect(absurd == TraceValues(percentCPU: 400, peakRSS: 536_870_912))
        let tight = try values(#"{"memory":1000,"peak_rss":1000000,"cpus":1,"%cpu":100000}"#)
        #expect(tight == TraceValues(cpus: 1, memory: 1000, percentCPU: 100_000, peakRSS: 1_000_000))
    }
}
