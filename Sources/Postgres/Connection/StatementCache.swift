/// The prepared texts of a connection, bounded; the least recently used is removed first.
struct StatementCache {
    private struct Entry {
        var name: String
        var lastUse: UInt64
    }

    private var entries: [String: Entry] = [:]
    private var clock: UInt64 = 0
    private var made: UInt64 = 0
    private let capacity: Int
    private let prefix: String

    /// `prefix` begins all names. Where a pooler gives a session of the server to several clients, names that two of
    /// them share would run the other's statement.
    init(capacity: Int, prefix: String) {
        precondition(capacity > 0, "BUG: a statement cache without room")
        self.capacity = capacity
        self.prefix = prefix
    }

    var count: Int { entries.count }

    /// The name under which `sql` is prepared.
    mutating func name(for sql: String) -> String? {
        clock += 1
        guard let index = entries.index(forKey: sql) else { return nil }
        entries.values[index].lastUse = clock
        return entries.values[index].name
    }

    /// A name that no statement of this connection had before.
    mutating func makeName() -> String {
        made += 1
        return "\(prefix)_\(made)"
    }

    /// Takes out the least recently used statement when there is no room for another; the caller deallocates it.
    mutating func evict() -> String? {
        guard entries.count >= capacity, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })
        else { return nil }
        entries[oldest.key] = nil
        return oldest.value.name
    }

    mutating func insert(_ sql: String, name: String) {
        clock += 1
        entries[sql] = Entry(name: name, lastUse: clock)
    }

    mutating func remove(_ sql: String) {
        entries[sql] = nil
    }
}
