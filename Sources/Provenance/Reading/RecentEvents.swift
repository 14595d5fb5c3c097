package import Core
package import Postgres

/// The newest events of an execution, for whoever shows it. Contract beampipe D16.
package enum RecentEvents {
    /// At most `count` event objects, the oldest first, with their secrets masked. On the thread of the connection.
    package static func of(
        execution: UUID128,
        atMost count: Int,
        on connection: Connection
    ) throws -> [[UInt8]] {
        var query = FeedQuery(limit: count, isDescending: true)
        query.filter.execution = execution
        return try FeedStore(connection: connection).page(query, mostBytes: 1 << 20).events.reversed()
            .map(EventEncoder.object)
    }
}
