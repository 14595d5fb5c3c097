internal import Core

/// What the tests of an integration said last.
struct IntegrationHealth: Hashable, Sendable {
    var testedAt: Timestamp?
    var succeededAt: Timestamp?
    var error: String?
    /// Nothing writes these two yet.
    var exportRatePerMinute = 0.0
    var dropRate = 0.0
}

/// How an integration is doing. Contract pipelogiq §1.5.
enum IntegrationStatus: String, Sendable {
    case notConfigured = "not_configured"
    case configured, connected, disconnected

    /// How long a success counts that a later test did not confirm.
    static let freshness = Duration.seconds(600)

    /// The status at a moment: the first rule that holds.
    init(_ document: IntegrationDocument, _ health: IntegrationHealth, at now: Timestamp) {
        self =
            switch (health.testedAt, health.succeededAt) {
            case _ where !document.isConfigured: .notConfigured
            case (nil, nil): .configured
            case (let tested, let succeeded)
            where health.error?.trimmed.isEmpty == false
                && (succeeded == nil || Self.is(tested, after: succeeded)):
                .disconnected
            case (let tested, let succeeded?) where !Self.is(tested, after: succeeded): .connected
            case (_, let succeeded?) where now - succeeded <= Self.freshness: .connected
            default: .configured
            }
    }

    private static func `is`(_ tested: Timestamp?, after succeeded: Timestamp?) -> Bool {
        guard let tested, let succeeded else { return false }
        return tested > succeeded
    }
}
