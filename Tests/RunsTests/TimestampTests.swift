import Core
import Testing

@testable import Runs

/// Times as Python 3.11 reads them. Contract §1.6.
@Suite("Times of the runs surface")
struct RunTimestampTests {
    @Test(
        "what is a time",
        arguments: [
            ("2026-01-01", "2026-01-01T00:00:00.000000Z"), ("20260101", "2026-01-01T00:00:00.000000Z"),
            ("2026-01-01T10", "2026-01-01T10:00:00.000000Z"),
            ("2026-01-01 10:05", "2026-01-01T10:05:00.000000Z"),
            ("2026-01-01x10:05:07", "2026-01-01T10:05:07.000000Z"),
            ("2026-01-01T10:05:07.1", "2026-01-01T10:05:07.100000Z"),
            ("2026-01-01T10:05:07,1234567", "2026-01-01T10:05:07.123456Z"),
            ("2026-01-01T10:05:07Z", "2026-01-01T10:05:07.000000Z"),
            ("2026-01-01T10:05:07+02:00", "2026-01-01T08:05:07.000000Z"),
            ("2026-01-01T10:05-0130", "2026-01-01T11:35:00.000000Z"),
            ("20260101T100507Z", "2026-01-01T10:05:07.000000Z"), ("2026-W01", "2025-12-29T00:00:00.000000Z"),
            ("2026-W01-3", "2025-12-31T00:00:00.000000Z"), ("2026W013T10", "2025-12-31T10:00:00.000000Z"),
            ("2026-W53", "2026-12-28T00:00:00.000000Z"),
        ]
    )
    func times(text: String, instant: String) {
        #expect(RunTimestamp.instant(of: text)?.description == instant)
    }

    @Test(
        "what is none",
        arguments: [
            "", "garbage", "2026-01-01T10:05:07z", "1767225600", "2026-01-01T24:00", "2026-13-01",
            "2026-02-30",
            " 2026-01-01", "2026-01-01 ", "2026-01-01T", "2026-01-01T10:05:07.", "2026-01-01T10:60",
            "2025-W53",
            "2026-01-01T10:05 02:00", "2026-1-1", "0000-01-01", "2026-01-01T10:05:07+24:00",
        ]
    )
    func noTimes(text: String) {
        #expect(RunTimestamp.instant(of: text) == nil)
    }

    @Test("a plus that arrived as a blank is an offset")
    func rawPlus() {
        let instant = RunTimestamp.instant(ofFilter: "2026-01-01T10:05:07.000000 00:00")
        #expect(instant == RunTimestamp.instant(of: "2026-01-01T10:05:07Z"))
    }
}
