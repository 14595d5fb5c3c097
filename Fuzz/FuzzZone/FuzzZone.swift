// A file of a time zone (RFC 9636): spans that meet, and times of schedules that agree with each other; see scripts/fuzz.

import Core
import Schedules

/// libFuzzer's entry point.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let zone = ZoneRules(name: "fuzzed", file: bytes) else { return 0 }
    for second in moments(bytes) {
        checkSpans(zone, from: second)
        for cron in schedules { check(Schedule(cron, in: zone), at: second) }
    }
    return 0
}

private let schedules = ["30 2 * * *", "*/20 1-3 * * *", "0 0 29 2 *"].compactMap {
    try? CronExpression($0)
}

/// From 1901 to 2100, and where the file's last bytes point to: rules have their numbers there.
private func moments(_ bytes: [UInt8]) -> [Int] {
    let hash = bytes.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF_FFFF }
    return [-2_177_452_800, -1, 0, 1_790_000_000, 4_100_000_000, hash]
}

/// Each span holds its seconds, ends where the next one begins, and is the same wherever it is asked for.
private func checkSpans(_ zone: ZoneRules, from start: Int) {
    var second = start
    for _ in 0..<20 {
        let span = zone.span(at: second)
        precondition(span.begin ?? .min <= second, "BUG: a span begins after its second")
        precondition(abs(span.offset) <= 172_800, "BUG: an offset of more than two days")
        if let begin = span.begin {
            let first = zone.span(at: begin)
            precondition(first.begin == begin && first.offset == span.offset, "BUG: another span")
            precondition(zone.span(at: begin - 1).end == begin, "BUG: spans do not meet")
        }
        guard let end = span.end else { return }
        precondition(end > second, "BUG: a span ends before its second")
        precondition(zone.span(at: end - 1).offset == span.offset, "BUG: another offset in a span")
        guard end < 8_000_000_000 else { return }
        second = end
    }
}

private func check(_ schedule: Schedule, at second: Int) {
    let moment = Timestamp(microseconds: Int64(second) * 1_000_000)
    guard let next = schedule.next(after: moment) else { return }
    precondition(next > moment, "BUG: due before")
    precondition(schedule.next(after: next - .seconds(1)) == next, "BUG: two times for the next")
    precondition(schedule.last(atOrBefore: next) == next, "BUG: a time is not the last up to itself")
    let last = schedule.last(atOrBefore: next - .seconds(1))
    precondition(last ?? .earliest <= moment, "BUG: a time was passed over")
}
