/// The writers of lines that are being written, in the order in which they came: their numbers are not known yet.
///
/// Each has a floor, the last line that was durable when it came: its own will be a later one. The lowest floor says
/// which outcomes none of them can be waiting for.
struct UnnumberedWriters {
    private struct Writer {
        let floor: Int64
        var isGone = false
    }

    private var writers: [Writer] = []
    /// How many of `writers`, from the first on, are gone for good.
    private var head = 0
    /// The ticket of the first of `writers`.
    private var firstTicket = 0

    /// The last line before that of any of them; nil when there are none.
    var floor: Int64? { head < writers.count ? writers[head].floor : nil }

    /// Adds a writer that came when `seq` was durable, and answers its ticket.
    ///
    /// Whoever asked for the durable line earlier and comes later still writes behind the later one.
    mutating func add(after seq: Int64) -> Int {
        writers.append(Writer(floor: max(seq, writers.last?.floor ?? seq)))
        return firstTicket + writers.count - 1
    }

    /// Removes a writer; whether the lowest floor may be another one now.
    mutating func remove(_ ticket: Int) -> Bool {
        writers[ticket - firstTicket].isGone = true
        guard writers[head].isGone else { return false }
        while head < writers.count, writers[head].isGone { head += 1 }
        // Moved up now and then, so that a removal costs O(1) on average.
        if head == writers.count || (head > 64 && head * 2 > writers.count) {
            writers.removeFirst(head)
            firstTicket += head
            head = 0
        }
        return true
    }
}

/// Outcomes that came before their writers knew the numbers of their lines, and those of lines that nobody here waits
/// for: which is which shows when the writers that were there have their numbers.
struct EarlyOutcomes<Value: Sendable>: Sendable {
    private var values: [Int64: Value] = [:]
    /// The numbers of `values`, and of some that were taken, in order.
    private var numbers: [Int64] = []
    private var head = 0

    var count: Int { values.count }

    /// Adds outcomes of lines behind all that were added before.
    mutating func add(_ outcomes: [(seq: Int64, value: Value)]) {
        for (seq, value) in outcomes.sorted(by: { $0.seq < $1.seq }) {
            values[seq] = value
            numbers.append(seq)
        }
    }

    /// Hands out the outcome of a line to its writer.
    mutating func take(_ seq: Int64) -> Value? {
        values.isEmpty ? nil : values.removeValue(forKey: seq)
    }

    /// Drops what nobody can be waiting for any more.
    mutating func drop(through seq: Int64) {
        guard head < numbers.count else { return }
        while head < numbers.count, numbers[head] <= seq {
            values[numbers[head]] = nil
            head += 1
        }
        if head == numbers.count || (head > 64 && head * 2 > numbers.count) {
            numbers.removeFirst(head)
            head = 0
        }
    }
}
