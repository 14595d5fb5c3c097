/// What a caller may do. Design §6.
package enum Scope: String, CaseIterable, Sendable {
    /// Send telemetry.
    case ingest
    /// Ask for anything that is stored.
    case read
    /// Change what Weir does: channels, rules, tokens.
    case admin
}
