import Core
import HTTP

/// One thing that must be well before Weir should get traffic.
package struct ReadinessCheck: Hashable, Sendable {
    /// A word for machines: `postgresql`, `migrations`, `loader`, `disk`, `journal`.
    package let name: String
    /// Whether it is well.
    package let isReady: Bool
    /// What was found, in a sentence.
    package let finding: String
    /// What to do about it, nil when it is well.
    package let advice: String?

    /// Makes a check.
    package init(_ name: String, isReady: Bool, _ finding: String, advice: String? = nil) {
        self.name = name
        self.isReady = isReady
        self.finding = finding
        self.advice = advice
    }
}

/// How `/ready` learns what is well.
package protocol ReadinessSource: Sendable {
    /// Looks at everything; bounded in time.
    func checks() async -> [ReadinessCheck]
}
