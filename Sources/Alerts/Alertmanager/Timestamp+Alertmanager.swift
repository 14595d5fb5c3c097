internal import Core

extension Timestamp {
    /// RFC 3339 in UTC with milliseconds, as Alertmanager writes it.
    var inMilliseconds: String { String(iso8601(offset: .z).prefix(23)) + "Z" }
}
