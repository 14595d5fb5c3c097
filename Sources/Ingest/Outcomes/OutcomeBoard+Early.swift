/// The writers of lines that are being written, in the order in which they came: the numbers of their lines are not
/// known yet.
///
/// Each has a floor: the last line that was durable when the writer came. Its own line will be a later one, so that
/// no writer waits for outcomes up to the lowest floor.
struct UnnumberedWriters {
    private struct Writer {
        let floor: Int64
        var isGone = false
    }

    private var writers: [Writer] = []
    /// How many of `writers`, from the first on, were removed.
    private var head = 0
    /// The ticket of the first of `writers`.
    private var firstTicket = 0

    /// The lowest floor; nil without writers.
    var floor: Int64? { head < writers.count ? writers[head].floor : nil }

    /// Adds a writer that came when `seq` was durable, and returns its ticket.
    ///
    /// A writer with a smaller `seq` may be added after one with a larger `seq`; its line still comes after the
    /// larger one.
    mutating func add(after seq: Int64) -> Int {
        writers.append(Writer(floor: max(seq, writers.last?.floor ?? seq)))
        return firstTicket + writers.count - 1
    }

    /// Removes a writer; returns whether the lowest floor may have changed.
    mutating func remove(_ ticket: Int) -> Bool {
        writers[ticket - firstTicket].isGone = true
        guard writers[head].isGone else { return false }
        while head < writers.count, writers[head].isGone { head += 1 }
        // Moved up at intervals, so that a removal costs O(1) on average.
        if head == writers.count || (head > 64 && head * 2 > writers.count) {
            writers.removeFirst(head)
            firstTicket += head
            head = 0
        }
        return true
    }
}

/// Outcomes that came before their writers knew the numbers of their lines, and outcomes of lines without a waiting
/// writer: they can be told apart once all current writers know their numbers.
struct EarlyOutcomes<Value: Sendable>: Sendable {
    private var values: [Int64: Value] = [:]
    /// The numbers of `values`, and of some that were taken, in order.
    private var numbers: [Int64] = []
    private var head = 0

    var count: Int { values.count }

    /// Adds outcomes of lines after all that were added before.
    mutating func add(_ outcomes: [(seq: Int64, value: Value)]) {
        for (seq, value) in outcomes.sorted(by: { $0.seq < $1.seq }) {
            values[seq] = value
            numbers.append(seq)
        }
    }

    /// Returns the outcome of a line to its writer.
    mutating func take(_ seq: Int64) -> Value? {
        values.isEmpty ? nil : values.removeValue(forKey: seq)
    }

    /// Removes outcomes that no writer can wait for any more.
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
