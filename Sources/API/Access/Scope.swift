/// What a caller may do. Design §6.
package enum Scope: String, CaseIterable, Sendable {
    /// Send telemetry.
    case ingest
    /// Read anything that is stored.
    case read
    /// Change Weir itself: channels, rules, tokens.
    case admin
}
