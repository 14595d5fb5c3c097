import Core
import HTTP

/// A condition that must hold before Weir should get traffic.
package struct ReadinessCheck: Hashable, Sendable {
    /// Its name for programs: `postgresql`, `migrations`, `loader`, `disk`, `journal`.
    package let name: String
    /// Whether the condition holds.
    package let isReady: Bool
    /// What was found, as a sentence.
    package let finding: String
    /// What to do about it; nil when the condition holds.
    package let advice: String?

    /// Makes a check.
    package init(_ name: String, isReady: Bool, _ finding: String, advice: String? = nil) {
        self.name = name
        self.isReady = isReady
        self.finding = finding
        self.advice = advice
    }
}

/// Provides the readiness checks of `/ready`.
package protocol ReadinessSource: Sendable {
    /// Runs all checks; bounded in time.
    func checks() async -> [ReadinessCheck]
}

/// The response of `/ready`: 200 when every check is ready, otherwise 503; both list all checks.
enum ReadinessEncoder {
    static func response(_ checks: [ReadinessCheck]) -> Response {
        let isReady = checks.allSatisfy(\.isReady)
        var writer = JSONWriter()
        writer.object { body in
            body.member("status", isReady ? "ready" : "not ready")
            body.array("checks") { list in
                for check in checks {
                    list.object { entry in
                        entry.member("name", check.name)
                        entry.member("ok", check.isReady)
                        entry.member("why", check.finding)
                        if let advice = check.advice { entry.member("advice", advice) }
                    }
                }
            }
        }
        return .json(writer.bytes, status: isReady ? .ok : .serviceUnavailable)
    }
}
