import Core
import HTTP

/// The answer of `/ready`: 200 when all is well, otherwise 503, with every check either way.
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
