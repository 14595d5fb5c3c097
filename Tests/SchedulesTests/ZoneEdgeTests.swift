import Core
import Testing

@testable import Schedules

/// Rules of time zones as POSIX and RFC 9636 have them, beyond what today's zones use.
@Suite("Rules of zones")
struct ZoneEdgeTests {
    /// The offsets of a rule, with the beginnings of their spans in a year.
    private func changes(_ rule: String, in year: Int) throws -> [String] {
        let zone = try #require(PosixZone(rule))
        let noon = CivilDate(year: year, month: 7, day: 1).daysSinceEpoch * 86_400
        return try #require(zone.changes(around: noon)).compactMap { change in
            let text = Timestamp(microseconds: Int64(change.at) * 1_000_000).iso8601().prefix(19)
            return text.hasPrefix("\(year)") ? "\(text) \(change.offset)" : nil
        }
    }

    @Test(arguments: [
        ("CET-1CEST,M3.5.0,M10.5.0/3", 2026, ["2026-03-29T01:00:00 7200", "2026-10-25T01:00:00 3600"]),
        // Without an hour it is two o'clock; minutes, seconds and names in brackets.
        (
            "<-03>3:30:15<-02>,M3.2.0,M11.1.0", 2026,
            ["2026-03-08T05:30:15 -9015", "2026-11-01T04:30:15 -12615"]
        ),
        // Days of the year: J60 is March 1 in every year, 59 is it in no leap year.
        ("AAA0BBB,J60/0,J365/0", 2028, ["2028-03-01T00:00:00 3600", "2028-12-30T23:00:00 0"]),
        ("AAA0BBB,59/0,364/0", 2028, ["2028-02-29T00:00:00 3600", "2028-12-29T23:00:00 0"]),
        ("AAA0BBB,59/0,364/0", 2027, ["2027-03-01T00:00:00 3600", "2027-12-30T23:00:00 0"]),
        // December's last Sunday, and hours before and beyond the day.
        ("AAA0BBB,M12.5.0/-2,M1.1.1/26", 2026, ["2026-01-06T01:00:00 0", "2026-12-26T22:00:00 3600"]),
        ("AAA0BBB,M3.4.4/50,M10.4.4/50", 2026, ["2026-03-28T02:00:00 3600", "2026-10-24T01:00:00 0"]),
        ("AAA0BBB,M3.1.0/0,M12.1.0/0", 2026, ["2026-03-01T00:00:00 3600", "2026-12-05T23:00:00 0"]),
        ("AAA0BBB-2,M2.5.0/0,M5.5.0/0", 2026, ["2026-02-22T00:00:00 7200", "2026-05-30T22:00:00 0"]),
    ])
    func `say when clocks change`(rule: String, year: Int, expected: [String]) throws {
        #expect(try changes(rule, in: year) == expected)
    }

    @Test(arguments: [
        "", "CE-1", "CET", "CET-25", "CET-1CEST", "CET-1CEST,M13.1.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J365", "CET-1CEST,366,1", "CET-1CEST,M3.5.0",
        "CET-1CEST,M3.5.0,M10.5.0/168", "CET-1CEST,M3.5.0,M10.5.0 ", "CET-1:60", "<CET-1",
    ])
    func `of another form are none`(rule: String) {
        #expect(PosixZone(rule) == nil)
    }

    // MARK: - Files

    private func number(_ value: Int, _ size: Int) -> [UInt8] {
        (0..<size).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// A block with its header.
    private func block(
        _ size: Int,
        version: String,
        _ times: [(at: Int, type: Int)],
        offsets: [Int],
        leaps: Int = 0
    ) -> [UInt8] {
        let counts = [0, 0, leaps, times.count, offsets.count, 1]
        return Array("TZif\(version)".utf8) + [UInt8](repeating: 0, count: 15)
            + counts.flatMap { number($0, 4) }
            + times.flatMap { number($0.at, size) } + times.map { UInt8($0.type) }
            + offsets.flatMap { number($0, 4) + [0, 0] } + [0]
            + [UInt8](repeating: 0, count: leaps * (size + 4))
    }

    private func file(
        _ times: [(at: Int, type: Int)],
        offsets: [Int],
        rule: String = "",
        leaps: Int = 0
    ) -> [UInt8] {
        block(4, version: "2", [], offsets: [0])
            + block(8, version: "2", times, offsets: offsets, leaps: leaps) + Array("\n\(rule)\n".utf8)
    }

    private func spans(_ bytes: [UInt8], at seconds: [Int]) throws -> [String] {
        let zone = ZoneRules(name: "test", file: try #require(ZoneFile(bytes)))
        return seconds.map { second in
            let span = zone.span(at: second)
            let ends = [span.begin, span.end].map { $0.map(String.init) ?? "-" }
            return "\(ends[0])...\(ends[1]) \(span.offsetBefore) \(span.offset)"
        }
    }

    @Test func `in files begin at their second, and know the offset before`() throws {
        let times = [(at: -100, type: 1), (at: 0, type: 2), (at: 200, type: 0)]
        let offsets = [-3600, 3600, 7200]
        #expect(
            try spans(file(times, offsets: offsets), at: [-101, -100, -1, 0, 199, 200]) == [
                "-...-100 -3600 -3600", "-100...0 -3600 3600", "-100...0 -3600 3600", "0...200 3600 7200",
                "0...200 3600 7200", "200...- 7200 -3600",
            ]
        )
        // A file of the first version has one block, of four bytes for each time, and no rule.
        let old = block(4, version: "\0", times, offsets: offsets)
        #expect(try spans(old, at: [-101, 0]) == ["-...-100 -3600 -3600", "0...200 3600 7200"])
        #expect(
            try spans(block(4, version: "\0", [(at: 5, type: 1)], offsets: [0, 60]), at: [5]) == [
                "5...- 0 60"
            ]
        )
    }

    @Test func `are followed by the rule in the footer`() throws {
        let bytes = file([(at: 0, type: 1)], offsets: [60, 0], rule: "AAA0BBB,J1/0,J32/0")
        // 1970-02-01 at 00:00 of the summer's clock is 23:00 UTC on January 31.
        #expect(
            try spans(bytes, at: [-1, 0, 2_674_799, 2_674_800, 31_535_999, 31_536_000]) == [
                "-...0 60 60", "0...2674800 60 0", "0...2674800 60 0", "2674800...31536000 0 0",
                "2674800...31536000 0 0", "31536000...34210800 0 3600",
            ]
        )
        let standing = file([(at: 0, type: 1)], offsets: [60, 0], rule: "AAA-2")
        #expect(try spans(standing, at: [0]) == ["0...- 60 7200"])
    }

    @Test func `are refused where they contradict themselves`() {
        let fine = [(at: 0, type: 0), (at: 5, type: 1)]
        #expect(ZoneFile(file(fine, offsets: [0, 60])) != nil)
        #expect(ZoneFile(file([(at: 5, type: 0), (at: 5, type: 1)], offsets: [0, 60])) == nil)
        #expect(ZoneFile(file([(at: 0, type: 2)], offsets: [0, 60])) == nil)
        #expect(ZoneFile(file(fine, offsets: [0, 172_801])) == nil)
        #expect(ZoneFile(file(fine, offsets: [-172_801, 0])) == nil)
        #expect(ZoneFile(file([], offsets: [])) == nil)
        // Seconds of such a file are no seconds of POSIX.
        #expect(ZoneFile(file(fine, offsets: [0, 60], leaps: 1)) == nil)
        #expect(ZoneFile(file(fine, offsets: [0, 60], rule: "nonsense")) == nil)
        // Times at the ends of what 64 bits hold cannot be counted with.
        for at in [Int.min + 1, -(1 << 60), 1 << 60, Int.max] {
            #expect(ZoneFile(file([(at: at, type: 1)], offsets: [0, 60])) == nil, "\(at)")
        }
        #expect(ZoneFile(file([(at: -(1 << 59), type: 1)], offsets: [0, 60])) != nil)
    }

    @Test func `with negative numbers, or of long names, are none`() {
        var old = block(4, version: "\0", [(at: 5, type: 1)], offsets: [0, 60])
        old.replaceSubrange(32..<36, with: [255, 255, 255, 255])
        #expect(ZoneFile(old) == nil)
        let error = #expect(throws: ScheduleFault.self) {
            try Schedule(cron: "* * * * *", timeZone: String(repeating: "a", count: 65))
        }
        #expect(error?.message.contains("is not the name of a time zone") == true)
    }

    // MARK: - Expressions

    private func next(_ cron: String, _ moment: String) throws -> String {
        let start = try #require(Timestamp(iso8601: moment))
        return try Schedule(cron: cron).next(after: start)?.iso8601() ?? "never"
    }

    @Test(arguments: [
        ("0 0 * * 1/2", "2026-01-04T00:00:00Z", "2026-01-05T00:00"),
        // To Saturday, and not to the second Sunday.
        ("0 0 * * 4/3", "2026-01-08T00:00:00Z", "2026-01-15T00:00"),
        ("0 0 * * */7", "2026-01-01T00:00:00Z", "2026-01-04T00:00"),
        ("0 0 * * 0-7/7", "2026-01-01T00:00:00Z", "2026-01-04T00:00"),
        ("7-7 0005 * * *", "2026-01-01T00:00:00Z", "2026-01-01T05:07"),
        ("0 0 29 feb *", "2026-01-01T00:00:00Z", "2028-02-29T00:00"),
        ("0 0 30 4 *", "2026-01-01T00:00:00Z", "2026-04-30T00:00"),
        ("0 0 1-31/2 * 5", "2026-01-02T00:00:00Z", "2026-01-03T00:00"),
        ("0 0 * * 4", "1969-12-30T00:00:00Z", "1970-01-01T00:00"),
        ("0 0 * * 3", "1969-12-30T12:00:00Z", "1969-12-31T00:00"),
        ("* * * * *", "1969-12-31T23:58:59.5Z", "1969-12-31T23:59"),
        ("59 23 31 12 *", "2026-12-31T23:59:00Z", "2027-12-31T23:59"),
        ("0 1 1 1 *", "2026-01-01T01:00:00Z", "2027-01-01T01:00"),
    ])
    func `of days are the crontab's`(cron: String, moment: String, expected: String) throws {
        #expect(try next(cron, moment).hasPrefix(expected), "\(cron)")
    }

    @Test(arguments: [
        ("*/20 * * * *", "2026-06-01T00:40:00Z", "2026-06-01T00:40"),
        ("*/20 * * * *", "2026-06-01T00:39:59Z", "2026-06-01T00:20"),
        ("0 0 1 1 *", "2026-01-01T00:00:00Z", "2026-01-01T00:00"),
    ])
    func `have a last time up to a moment`(cron: String, moment: String, expected: String) throws {
        let end = try #require(Timestamp(iso8601: moment))
        let last = try Schedule(cron: cron).last(atOrBefore: end)
        #expect(last?.iso8601().hasPrefix(expected) == true, "\(cron)")
    }

    @Test func `have bounds to the second and the byte`() throws {
        #expect(try Schedule(every: 31_536_000, grace: 31_536_000).grace == 31_536_000)
        #expect(throws: ScheduleFault.self) { try Schedule(every: 60, grace: 31_536_001) }
        let long = "0" + String(repeating: ",0", count: 123) + " * * * *"
        #expect(long.utf8.count == 255)
        #expect(try CronExpression(long + " ").text == long)
        #expect(throws: ScheduleFault.self) { try CronExpression(long + "  ") }
    }
}
