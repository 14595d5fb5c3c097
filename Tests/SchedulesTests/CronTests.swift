import Core
import Schedules
import Testing

/// Cron expressions as people write them into crontabs.
@Suite("Cron expressions")
struct CronTests {
    private func next(_ cron: String, _ zone: String = "UTC", after moment: String) throws -> String {
        let schedule = try Schedule(cron: cron, timeZone: zone)
        let start = try #require(Timestamp(iso8601: moment))
        return schedule.next(after: start)?.iso8601() ?? "never"
    }

    @Test(arguments: [
        ("* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00"),
        ("* * * * *", "2026-01-01T00:00:59.999999Z", "2026-01-01T00:01:00"),
        ("*/15 * * * *", "2026-01-01T00:46:00Z", "2026-01-01T01:00:00"),
        ("5/20 * * * *", "2026-01-01T00:26:00Z", "2026-01-01T00:45:00"),
        ("10-50/20 * * * *", "2026-01-01T00:50:00Z", "2026-01-01T01:10:00"),
        ("0,30 9-17 * * 1-5", "2026-01-02T17:30:00Z", "2026-01-05T09:00:00"),
        ("0 0 1 * *", "2026-01-31T23:59:00Z", "2026-02-01T00:00:00"),
        ("0 0 31 * *", "2026-01-31T00:00:00Z", "2026-03-31T00:00:00"),
        ("0 0 29 2 *", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00"),
        ("0 12 * jan,DEC mon", "2026-01-26T12:00:00Z", "2026-12-07T12:00:00"),
        ("0 0 * * 0", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00"),
        ("0 0 * * 7", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00"),
        ("0 0 * * sun", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00"),
        ("0 0 * * 5-7", "2026-01-04T00:00:00Z", "2026-01-09T00:00:00"),
        // Neither begins with a star: a day matches when one of the two does.
        ("0 0 13 * 5", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00"),
        ("0 0 13 * 5", "2026-01-09T00:00:00Z", "2026-01-13T00:00:00"),
        // One begins with a star: both have to match.
        ("0 0 */2 * 5", "2026-01-02T00:00:00Z", "2026-01-09T00:00:00"),
        ("@hourly", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00"),
        ("@daily", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00"),
        ("@Weekly", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00"),
        ("@monthly", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00"),
        ("@yearly", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00"),
        ("  0\t6  * * *  ", "1969-12-31T23:59:59.5Z", "1970-01-01T06:00:00"),
    ])
    func `is due next`(cron: String, after: String, expected: String) throws {
        #expect(try next(cron, after: after).hasPrefix(expected))
    }

    @Test(arguments: [
        // The clocks of Berlin go from 02:00 to 03:00 on 2026-03-29, at 01:00 UTC.
        ("30 2 * * *", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00"),
        ("30 2 * * *", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00"),
        ("0 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00"),
        ("0 3 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00"),
        ("0 3 * * *", "2026-03-29T01:00:00Z", "2026-03-30T01:00:00"),
        ("*/30 2 * * *", "2026-03-29T00:00:00Z", "2026-03-30T00:00:00"),
        ("0 * * * *", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00"),
        ("0 * * * *", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00"),
        // They go from 03:00 to 02:00 on 2026-10-25, at 01:00 UTC: 02:30 is at 00:30 and at 01:30.
        ("30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00"),
        ("30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00"),
        ("0 3 * * *", "2026-10-24T12:00:00Z", "2026-10-25T02:00:00"),
        ("30 * * * *", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00"),
        ("30 * * * *", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00"),
        // By the rule in the file's footer.
        ("30 2 * * *", "2099-03-29T00:00:00Z", "2099-03-29T01:00:00"),
        ("30 2 * * *", "2099-07-01T12:00:00Z", "2099-07-02T00:30:00"),
        ("30 2 * * *", "2099-12-01T12:00:00Z", "2099-12-02T01:30:00"),
    ])
    func `is due next in Berlin`(cron: String, after: String, expected: String) throws {
        #expect(try next(cron, "Europe/Berlin", after: after).hasPrefix(expected), "\(cron) after \(after)")
    }

    @Test(arguments: [
        ("Asia/Kolkata", "2026-06-01T00:00:00Z", "2026-06-01T06:30:00"),
        ("America/New_York", "2026-07-01T00:00:00Z", "2026-07-01T16:00:00"),
        ("America/New_York", "2060-01-01T00:00:00Z", "2060-01-01T17:00:00"),
        ("Australia/Lord_Howe", "2050-01-01T00:00:00Z", "2050-01-01T01:00:00"),
        ("Australia/Lord_Howe", "2050-07-01T00:00:00Z", "2050-07-01T01:30:00"),
        ("Asia/Tokyo", "2060-07-01T00:00:00Z", "2060-07-01T03:00:00"),
        ("Europe/Dublin", "2060-07-01T00:00:00Z", "2060-07-01T11:00:00"),
        ("Europe/Dublin", "2060-01-01T00:00:00Z", "2060-01-01T12:00:00"),
        ("Etc/GMT+3", "2026-07-01T00:00:00Z", "2026-07-01T15:00:00"),
        ("UTC", "2026-07-01T00:00:00Z", "2026-07-01T12:00:00"),
    ])
    func `noon is where the zone has it`(zone: String, after: String, expected: String) throws {
        #expect(try next("0 12 * * *", zone, after: after).hasPrefix(expected), "\(zone)")
    }

    @Test(arguments: [
        ("30 2 * * *", "2026-06-01T00:30:00Z", "2026-06-01T00:30:00"),
        ("30 2 * * *", "2026-06-01T00:29:59Z", "2026-05-31T00:30:00"),
        ("30 2 * * *", "2026-03-29T12:00:00Z", "2026-03-29T01:00:00"),
        ("30 2 * * *", "2026-10-25T12:00:00Z", "2026-10-25T00:30:00"),
        ("* * * * *", "2026-06-01T00:30:59Z", "2026-06-01T00:30:00"),
        ("0 0 29 2 *", "2027-06-01T00:00:00Z", "2024-02-28T23:00:00"),
    ])
    func `was due last in Berlin`(cron: String, at: String, expected: String) throws {
        let schedule = try Schedule(cron: cron, timeZone: "Europe/Berlin")
        let last = schedule.last(atOrBefore: try #require(Timestamp(iso8601: at)))
        #expect(last?.iso8601().hasPrefix(expected) == true, "\(last?.iso8601() ?? "never")")
    }

    @Test func `a period counts from the last time`() throws {
        let schedule = try Schedule(every: 3600, grace: 60)
        let start = try #require(Timestamp(iso8601: "2026-01-01T00:00:00Z"))
        #expect(schedule.next(after: start)?.iso8601().hasPrefix("2026-01-01T01:00:00") == true)
        #expect(schedule.last(atOrBefore: start) == nil)
        #expect(!schedule.isActive(at: start, lasting: .seconds(60)))
    }

    @Test func `a window is open from its time until it has lasted`() throws {
        let schedule = try Schedule(cron: "0 22 * * fri", timeZone: "Europe/Berlin")
        func isOpen(_ moment: String) throws -> Bool {
            schedule.isActive(at: try #require(Timestamp(iso8601: moment)), lasting: .seconds(7200))
        }
        // 22:00 in Berlin is 20:00 UTC in summer.
        #expect(try !isOpen("2026-07-03T19:59:59Z"))
        #expect(try isOpen("2026-07-03T20:00:00Z"))
        #expect(try isOpen("2026-07-03T21:59:59Z"))
        #expect(try !isOpen("2026-07-03T22:00:00Z"))
    }
}
