import API
import Configuration
import Core
package import HTTPServer

/// Asks the running server how it is, over a plain socket.
package struct HealthProbe: Sendable {
    /// What it answered.
    package struct Answer: Sendable {
        package let status: Int
        package let body: String

        /// What it says, in words: a line for each check of `/ready`, or one for all.
        package var lines: [String] {
            guard let root = (try? JSONDocument(Array(body.utf8)))?.root else { return [body] }
            guard let checks = root["checks"]?.elements else { return [Self.summary(root)] }
            let status = root["status"]?.string ?? "no status"
            return [status] + checks.flatMap(Self.lines)
        }

        private static func summary(_ root: JSONNode) -> String {
            let parts = [
                root["status"]?.string, root["version"]?.string.map { "Weir \($0)" },
                root["database"]?.string.map { "PostgreSQL \($0)" },
            ]
            return parts.compactMap { $0 }.joined(separator: ", ")
        }

        private static func lines(_ check: JSONNode) -> [String] {
            let verdict = check["ok"]?.bool == true ? "ok" : "no"
            let name = check["name"]?.string ?? ""
            let head = "\(verdict.padded(to: 5)) \(name.padded(to: 16)) "
            let advice = check["advice"]?.string.map { TextLayout.wrapped($0, first: "      -> ") } ?? []
            return TextLayout.wrapped(check["why"]?.string ?? "", first: head) + advice
        }
    }

    private let listeners: [ListenSpecification]
    private let timeoutSeconds: Int

    /// Makes a probe of the server that listens there; every wait is bounded by the timeout.
    package init(listeners: [ListenSpecification], timeoutSeconds: Int) {
        self.listeners = listeners
        self.timeoutSeconds = timeoutSeconds
    }

    /// Asks the first listener without a profile, or else the first.
    package func ask(_ path: String) throws(StartError) -> Answer {
        guard let listener = listeners.first(where: { $0.profile == nil }) ?? listeners.first else {
            throw StartError("WEIR_LISTEN names no place to ask")
        }
        let request = "GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        do {
            let client = try PlainClient(Self.reachable(listener.endpoint), timeoutSeconds: timeoutSeconds)
            let answer = try client.exchange(Array(request.utf8))
            return Answer(status: answer.status, body: String(decoding: answer.body, as: UTF8.self).trimmed)
        } catch {
            throw StartError("no answer from \(listener): \(error)")
        }
    }

    /// Where a client on this machine finds a listener on all addresses.
    private static func reachable(_ endpoint: ListenSpecification.Endpoint) -> ListenSpecification.Endpoint {
        switch endpoint {
        case .tcp("0.0.0.0", let port): .tcp(host: "127.0.0.1", port: port)
        case .tcp("::", let port): .tcp(host: "::1", port: port)
        default: endpoint
        }
    }
}
