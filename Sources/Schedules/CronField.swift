/// One of the five fields of a cron expression: its bounds, its names, and how it is read.
struct CronField {
    let name: String
    let bounds: ClosedRange<Int>
    /// Names that may stand for numbers, from `bounds.lowerBound` on.
    var names: [String] = []

    static let minute = CronField(name: "minute", bounds: 0...59)
    static let hour = CronField(name: "hour", bounds: 0...23)
    static let day = CronField(name: "day of month", bounds: 1...31)
    static let month = CronField(
        name: "month",
        bounds: 1...12,
        names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    )
    /// 7 is Sunday, too.
    static let weekday = CronField(
        name: "day of week",
        bounds: 0...7,
        names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    )

    /// The numbers of a field; those of days of the week are 0 to 6.
    func read(_ text: String) throws(ScheduleFault) -> CronSet {
        var numbers = CronSet()
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            try read(part, into: &numbers)
        }
        return numbers
    }

    private func read(_ part: Substring, into numbers: inout CronSet) throws(ScheduleFault) {
        guard !part.isEmpty else { throw fault("there is nothing between two commas") }
        let halves = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let step = halves.count == 2 ? try self.step(halves[1]) : 1
        let range = try range(halves[0], hasStep: halves.count == 2)
        for number in stride(from: range.lowerBound, through: range.upperBound, by: step) {
            numbers.insert(isWeekday && number == 7 ? 0 : number)
        }
    }

    private var isWeekday: Bool { bounds.upperBound == 7 }

    private func range(_ text: Substring, hasStep: Bool) throws(ScheduleFault) -> ClosedRange<Int> {
        // Sunday is not counted twice by a step.
        if text == "*" { return isWeekday ? 0...6 : bounds }
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let first = try number(ends[0])
        guard ends.count == 2 else { return hasStep ? first...max(first, lastOfAll) : first...first }
        let last = try number(ends[1])
        guard first <= last else {
            let advice = isWeekday && last == 0 ? "; Sunday at the end of a range is 7" : ""
            throw fault("the range '\(text)' goes backwards\(advice)")
        }
        return first...last
    }

    private var lastOfAll: Int { isWeekday ? 6 : bounds.upperBound }

    private func step(_ text: Substring) throws(ScheduleFault) -> Int {
        guard let step = Self.digits(text), step > 0 else {
            throw fault("'/\(text)' is not a step: write a number from 1 on")
        }
        return step
    }

    private func number(_ text: Substring) throws(ScheduleFault) -> Int {
        if let index = names.firstIndex(of: text.lowercased()) { return bounds.lowerBound + index }
        guard let number = Self.digits(text) else {
            let named = names.isEmpty ? "" : " or a name such as \(names[0])"
            throw fault("'\(text)' is neither a number\(named) nor *")
        }
        guard bounds.contains(number) else {
            throw fault("\(number) is not within \(bounds.lowerBound) to \(bounds.upperBound)")
        }
        return number
    }

    private func fault(_ what: String) -> ScheduleFault { ScheduleFault(.cron, "\(name): \(what)") }

    private static func digits(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.count <= 4, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else {
            return nil
        }
        return Int(text)
    }
}
