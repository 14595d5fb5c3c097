import Core
import Testing

@testable import Workers

/// Contract noetl §1.2, "Timestamp forms accepted" and the rule for times without an offset.
@Suite struct `The time of a sample` {
    /// 2026-11-20 22:00:00 UTC.
    private static let arrival = Timestamp(iso8601: "2026-11-20T22:00:00Z") ?? .epoch

    @Test(
        arguments: [
            ("2026-11-20T22:00:00Z", "2026-11-20T22:00:00Z"),
            ("2026-11-20 21:00:00+02:00", "2026-11-20T19:00:00Z"),
            ("2024-01-01T12:00:00.123456+05:30", "2024-01-01T06:30:00.123456Z"),
            ("2026-11-20T22:00:00.123456789Z", "2026-11-20T22:00:00.123456Z"),
            ("2024-01-01", "2024-01-01T00:00:00Z"),
            ("1700000000", "2023-11-14T22:13:20Z"), ("1700000000123", "2023-11-14T22:13:20.123Z"),
            // UTC within five minutes of the arrival.
            ("2026-11-20T22:04:59", "2026-11-20T22:04:59Z"), ("2026-11-20T21:55:00", "2026-11-20T21:55:00Z"),
            // Local times: an hour ahead, five and a half ahead, eight behind, fourteen ahead, each within two minutes.
            ("2026-11-20T23:00:01", "2026-11-20T22:00:01Z"), ("2026-11-21T03:31:59", "2026-11-20T22:01:59Z"),
            ("2026-11-20T13:58:00", "2026-11-20T21:58:00Z"), ("2026-11-21T12:00:00", "2026-11-20T22:00:00Z"),
            // No offset fits: three minutes off, fifteen hours ahead, a week late.
            ("2026-11-20T23:03:00", "2026-11-20T23:03:00Z"), ("2026-11-21T13:00:00", "2026-11-21T13:00:00Z"),
            ("2026-11-13T22:00:00", "2026-11-13T22:00:00Z"),
        ]
    )
    func `is read`(text: String, instant: String) {
        let time = SampleTime.reported(text).map { SampleTime.resolve($0, arrivedAt: Self.arrival) }
        #expect(time == Timestamp(iso8601: instant))
    }

    @Test(arguments: ["yesterday", "", "2026-11-20T24:00:00Z", "2026-13-01", "2026-11-20T", "nan", "-"])
    func `is refused`(text: String) {
        #expect(SampleTime.reported(text) == nil)
    }
}
