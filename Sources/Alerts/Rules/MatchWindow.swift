internal import Core
internal import Postgres

/// When events came that a rule counts: those of its window, as PostgreSQL has them, and those of the present batch.
struct MatchWindow {
    private let rule: UUID128
    /// How many are counted at most.
    private let most: Int
    /// In order.
    private var times: [Timestamp]
    private var new: [Timestamp] = []

    /// One after times that are known, in order.
    init(of rule: UUID128, counting most: Int, after times: [Timestamp]) {
        self.rule = rule
        self.most = most
        self.times = times
    }

    /// Reads what is stored.
    init(of rule: UUID128, counting most: Int, on connection: Connection) throws {
        self.init(of: rule, counting: most, after: try MatchStore.newest(most, of: rule, on: connection))
    }

    /// Adds an event, forgets those that are older than the window, and counts the rest.
    mutating func add(_ time: Timestamp, within window: Duration) -> Int {
        let place = (times.lastIndex { $0 <= time }).map { $0 + 1 } ?? 0
        times.insert(time, at: place)
        new.append(time)
        let oldest = time - window
        let old = times.firstIndex { $0 >= oldest } ?? 0
        times.removeFirst(max(old, times.count - most))
        return times.count
    }

    /// Stores what is new and still counts.
    func store(on connection: Connection) throws {
        guard let oldest = times.first, !new.isEmpty else { return }
        try MatchStore.note(new.filter { $0 >= oldest }, forgettingBefore: oldest, of: rule, on: connection)
    }
}
