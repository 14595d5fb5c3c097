import API
import Configuration
import Core
import Glibc
package import HTTPServer
import Outbound
package import WeirApp

/// Asks the running server for its health, as a client on this machine.
package struct HealthProbe: Sendable {
    /// The response.
    package struct Answer: Sendable {
        package let status: Int
        package let body: String

        /// The response as text: a line for each check of `/ready`, or one in total.
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

    /// Makes a probe of the server on these listeners; a response may take as long as the timeout.
    package init(listeners: [ListenSpecification], timeoutSeconds: Int) {
        self.listeners = listeners
        self.timeoutSeconds = timeoutSeconds
    }

    /// Asks the first listener without a profile, or else the first one.
    package func ask(_ path: String) throws(StartError) -> Answer {
        guard let listener = listeners.first(where: { $0.profile == nil }) ?? listeners.first else {
            throw StartError("WEIR_LISTEN names no listener to ask")
        }
        do throws(OutboundError) {
            return try ask(listener, path)
        } catch {
            throw StartError("no answer from \(listener): \(error.cause)")
        }
    }

    /// Asks one listener.
    func ask(_ listener: ListenSpecification, _ path: String) throws(OutboundError) -> Answer {
        var request = try Self.request(listener.endpoint, path)
        request.fields = [("Host", "localhost"), ("Connection", "close")]
        request.timeout = .seconds(timeoutSeconds)
        request.connectTimeout = request.timeout
        request.answerLimit = 64 << 20
        let answer = try OutboundClient().sendBlocking(request)
        return Answer(status: answer.status, body: String(decoding: answer.body, as: UTF8.self).trimmed)
    }

    /// A request of a client on this machine; for a listener on all addresses it uses one of them.
    private static func request(
        _ endpoint: ListenSpecification.Endpoint,
        _ path: String
    ) throws(OutboundError) -> OutboundRequest {
        switch endpoint {
        case .unix(let socket):
            var request = OutboundRequest("GET", "http://localhost\(path)")
            request.socket = socket
            return request
        // Nothing listens on port 0, and libcurl refuses it in a URL.
        case .tcp(_, 0): throw .unreachable(code: ECONNREFUSED)
        case .tcp("0.0.0.0", let port): return OutboundRequest("GET", "http://127.0.0.1:\(port)\(path)")
        case .tcp("::", let port): return OutboundRequest("GET", "http://[::1]:\(port)\(path)")
        case .tcp(let host, let port):
            // RFC 6874: the zone of an IPv6 address, `%eth0`, is `%25eth0` in a URL.
            let place = host.contains(":") ? "[\(host.split(separator: "%").joined(separator: "%25"))]" : host
            return OutboundRequest("GET", "http://\(place):\(port)\(path)")
        }
    }
}
