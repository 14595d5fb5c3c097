import Core
import Testing

@Suite struct `Timestamp parsing` {
    @Test(arguments: [
        ("2026-11-20T20:05:42.570541Z", "2026-11-20T20:05:42.570541Z"),
        ("2026-11-20T20:05:42Z", "2026-11-20T20:05:42.000000Z"),
        ("2026-11-20t20:05:42z", "2026-11-20T20:05:42.000000Z"),
        ("2026-11-20 20:05", "2026-11-20T20:05:00.000000Z"),
        ("2026-1-2T3:4:5", "2026-01-02T03:04:05.000000Z"),
        ("2026-11-20T20:05:42.5", "2026-11-20T20:05:42.500000Z"),
        ("2026-11-20T20:05:42.123456789012345Z", "2026-11-20T20:05:42.123456Z"),
        ("2026-11-20T20:05:42.9999999Z", "2026-11-20T20:05:42.999999Z"),
        ("2026-02-19T19:05+01:00", "2026-02-19T18:05:00.000000Z"),
        ("2026-02-19T19:05:00.412937+0130", "2026-02-19T17:35:00.412937Z"),
        ("2026-02-19T19:05:00-05", "2026-02-20T00:05:00.000000Z"),
        ("2026-02-19T19:05:00-23:59", "2026-02-20T19:04:00.000000Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z"),
        ("2000-02-29T23:59:59Z", "2000-02-29T23:59:59.000000Z"),
        ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ])
    func `accepts the forms of the contract`(text: String, expected: String) {
        #expect(Timestamp(iso8601: text)?.description == expected)
        #expect(Timestamp(iso8601: Array(text.utf8))?.description == expected)
        #expect(Timestamp(iso8601: Array("[\(text)]".utf8).dropFirst().dropLast())?.description == expected)
    }

    @Test(arguments: [
        "", "2026-11-20", "2026-11-20T", "2026-11-20T20", "2026-11-20T20:", "2026-11-20T20:05:",
        "2026-11-20T20:05:42.", "2026-11-20T20:05:42.Z", "2026-11-20T20:05:42ZZ", "2026-11-20T20:05:42 Z",
        " 2026-11-20T20:05:42", "2026-11-20T20:05:42 ", "2026-11-20T24:00:00", "2026-11-20T20:60:00",
        "2026-11-20T20:05:60", "2026-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",
        "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "206-01-01T00:00:00Z", "2026-111-01T00:00:00Z",
        "2026-11-20T20:05:42+", "2026-11-20T20:05:42+1", "2026-11-20T20:05:42+01:",
        "2026-11-20T20:05:42+01:0",
        "2026-11-20T20:05:42+010", "2026-11-20T20:05:42+24:00", "2026-11-20T20:05:42+01000",
        "2026/11/20T20:05:42", "２026-11-20T20:05:42", "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:00-00:01",
    ])
    func `refuses everything else`(text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test(arguments: [
        (0.0, "1970-01-01T00:00:00.000000Z"),
        (-1.5, "1969-12-31T23:59:58.500000Z"),
        (1_771_524_362.512, "2026-02-19T18:06:02.512000Z"),
        (1_771_524_362_512.0, "2026-02-19T18:06:02.512000Z"),
        (2e10, "2603-10-11T11:33:20.000000Z"),
        (20_000_000_001.0, "1970-08-20T11:33:20.001000Z"),
        (-2e10, "1336-03-23T12:26:40.000000Z"),
        (1_771_524_362_512_000_000.0, "2026-02-19T18:06:02.512000Z"),
        (0.0000005, "1970-01-01T00:00:00.000000Z"),
        (0.0000015, "1970-01-01T00:00:00.000002Z"),
    ])
    func `takes Unix numbers in seconds and milliseconds`(number: Double, expected: String) {
        #expect(Timestamp(unixNumber: number)?.description == expected)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, 1e300, -1e21])
    func `refuses numbers that are no time`(number: Double) {
        #expect(Timestamp(unixNumber: number) == nil)
    }

    @Test(arguments: [
        ("1771524362", "2026-02-19T18:06:02.000000Z"),
        (" 1771524362.5\n", "2026-02-19T18:06:02.500000Z"),
        ("1.771524362e9", "2026-02-19T18:06:02.000000Z"),
        ("2026", "1970-01-01T00:33:46.000000Z"),
        ("-1", "1969-12-31T23:59:59.000000Z"),
        ("2026-02-19T18:06:02Z", "2026-02-19T18:06:02.000000Z"),
    ])
    func `reads a numeric text as a Unix number`(text: String, expected: String) {
        #expect(Timestamp(lenient: text)?.description == expected)
    }

    @Test(arguments: ["", " ", "nan", "inf", "0x10", "12:00", "1e999", "--1", "now"])
    func `refuses words`(text: String) {
        #expect(Timestamp(lenient: text) == nil)
    }
}

@Suite struct `Timestamp calendar and arithmetic` {
    @Test func `renders both spellings of UTC`() {
        let time = Timestamp(microseconds: 1_795_205_142_570_541)
        #expect(time.iso8601() == "2026-11-20T20:05:42.570541Z")
        #expect(time.iso8601(offset: .plusZero) == "2026-11-20T20:05:42.570541+00:00")
        var bytes = Array("at=".utf8)
        time.append(to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == "at=2026-11-20T20:05:42.570541Z")
    }

    @Test(arguments: [
        ("2026-11-20T20:05:42.570541Z", "2026-11-20T20:05:42.570541+00:00"),
        ("2026-11-20T20:05:42.000001Z", "2026-11-20T20:05:42.000001+00:00"),
        ("2026-11-20T20:05:42Z", "2026-11-20T20:05:42+00:00"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00"),
    ])
    func `are rendered as Python's isoformat does, without a fraction of zero`(text: String, expected: String)
        throws
    {
        #expect(try #require(Timestamp(iso8601: text)).isoformat == expected)
    }

    @Test func `renders what ISO 8601 cannot say as the nearest it can`() {
        #expect(Timestamp(microseconds: .max).description == "9999-12-31T23:59:59.999999Z")
        #expect(Timestamp(microseconds: .min).description == "0001-01-01T00:00:00.000000Z")
    }

    @Test(arguments: [
        (
            "2026-11-20T20:05:42.570541Z", "2026-11-20T00:00:00.000000Z", "2026-11-20T20:00:00.000000Z",
            "20261120"
        ),
        (
            "1969-12-31T23:59:59.999999Z", "1969-12-31T00:00:00.000000Z", "1969-12-31T23:00:00.000000Z",
            "19691231"
        ),
        (
            "0001-01-01T00:00:00.000000Z", "0001-01-01T00:00:00.000000Z", "0001-01-01T00:00:00.000000Z",
            "00010101"
        ),
    ])
    func `finds the day and the hour`(text: String, day: String, hour: String, compact: String) throws {
        let time = try #require(Timestamp(iso8601: text))
        #expect(time.startOfDay.description == day)
        #expect(time.startOfHour.description == hour)
        #expect(time.yyyymmdd == compact)
        #expect(Timestamp(startOf: time.civilDate) == time.startOfDay)
    }

    @Test func `every day of four centuries is its own inverse`() {
        var previous = CivilDate(daysSinceEpoch: -1)
        for number in 0..<146_097 {
            let date = CivilDate(daysSinceEpoch: number)
            guard date.isValid, date.daysSinceEpoch == number, previous < date else {
                Issue.record("\(date) is wrong for day \(number)")
                return
            }
            previous = date
        }
        #expect(previous == CivilDate(year: 2369, month: 12, day: 31))
        #expect(previous.iso8601 == "2369-12-31")
    }

    @Test func `moves by durations and measures them`() {
        let time = Timestamp.epoch + .milliseconds(1500)
        #expect(time.microseconds == 1_500_000)
        #expect((time - .seconds(2)).microseconds == -500_000)
        #expect(time - Timestamp.epoch == .milliseconds(1500))
        #expect(time.adding(seconds: -1).microseconds == 500_000)
        #expect(Timestamp.latest.adding(seconds: .max).microseconds == .max)
        #expect(Timestamp.earliest.adding(seconds: .min).microseconds == .min)
        #expect(Timestamp.now() > Timestamp(startOf: CivilDate(year: 2024, month: 1, day: 1)))
    }
}
