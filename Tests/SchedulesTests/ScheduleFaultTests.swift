import Core
import Testing

@testable import Schedules

/// What is wrong with a schedule, in words.
@Suite("Faults of schedules")
struct ScheduleFaultTests {
    private func message(_ cron: String, _ zone: String = "UTC") -> String {
        do throws(ScheduleFault) {
            _ = try Schedule(cron: cron, timeZone: zone)
            return "none"
        } catch {
            return "\(error.part.rawValue): \(error.message)"
        }
    }

    @Test(arguments: [
        ("", "cron: the cron expression is empty"),
        (
            "* * * *",
            "cron: a cron expression has five fields (minute, hour, day of month, month, day of week), this one has 4"
        ),
        ("60 * * * *", "cron: minute: 60 is not within 0 to 59"),
        ("* 24 * * *", "cron: hour: 24 is not within 0 to 23"),
        ("* * 0 * *", "cron: day of month: 0 is not within 1 to 31"),
        ("* * * 13 *", "cron: month: 13 is not within 1 to 12"),
        ("* * * * 8", "cron: day of week: 8 is not within 0 to 7"),
        ("a * * * *", "cron: minute: 'a' is neither a number nor *"),
        ("* * * foo *", "cron: month: 'foo' is neither a number or a name such as jan nor *"),
        ("5-1 * * * *", "cron: minute: the range '5-1' goes backwards"),
        (
            "* * * * fri-sun",
            "cron: day of week: the range 'fri-sun' goes backwards; Sunday at the end of a range is 7"
        ),
        ("*/0 * * * *", "cron: minute: '/0' is not a step: write a number from 1 on"),
        ("*/x * * * *", "cron: minute: '/x' is not a step: write a number from 1 on"),
        ("1,,2 * * * *", "cron: minute: there is nothing between two commas"),
        ("-1 * * * *", "cron: minute: '' is neither a number nor *"),
        ("0 0 30 2 *", "cron: no month of '0 0 30 2 *' has such a day: it would never be due"),
        (
            "@reboot",
            "cron: '@reboot' is none of @annually, @daily, @hourly, @midnight, @monthly, @weekly, @yearly"
        ),
    ])
    func `an expression is refused`(cron: String, expected: String) {
        #expect(message(cron) == expected)
    }

    @Test(arguments: [
        "", "../../etc/passwd", "/etc/localtime", "Europe/../Europe/Berlin", "Europe//Berlin", "right/UTC",
        "posix/UTC", "a/b/c/d", "Europe/Berlin\0", ".hidden", "tzdata.zi",
    ])
    func `a name that is a path is refused`(zone: String) {
        #expect(message("* * * * *", zone).contains("is not the name of a time zone"), "\(zone)")
    }

    @Test(arguments: ["Europe/Nowhere", "Europe", "leapseconds"])
    func `a zone without a readable file is refused`(zone: String) {
        #expect(message("* * * * *", zone).hasPrefix("time_zone: "), "\(zone)")
    }

    @Test func `seconds have bounds`() {
        #expect(throws: ScheduleFault.self) { try Schedule(every: 0) }
        #expect(throws: ScheduleFault.self) { try Schedule(every: 31_536_001) }
        #expect(throws: ScheduleFault.self) { try Schedule(every: 60, grace: -1) }
    }

    @Test func `a file that is cut anywhere is refused and never a trap`() throws {
        let whole = try #require(ZoneFile.read("/usr/share/zoneinfo/Europe/Berlin"))
        #expect(ZoneFile(whole) != nil)
        for count in 0..<whole.count { #expect(ZoneFile(Array(whole.prefix(count))) == nil, "\(count)") }
    }
}
