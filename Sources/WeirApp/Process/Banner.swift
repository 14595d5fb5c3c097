package import HTTPServer

/// The output of `weir serve` when it is ready: the address, and two commands that work when pasted.
package struct Banner: Sendable {
    private let addresses: [BoundAddress]
    private let database: String
    private let needsToken: Bool

    /// Makes a banner for these addresses; with `needsToken` the commands contain a token.
    package init(addresses: [BoundAddress], database: String, needsToken: Bool) {
        self.addresses = addresses
        self.database = database
        self.needsToken = needsToken
    }

    /// The README's sample of an event.
    package static let sampleEvent = """
        {"runId":"test123","runName":"test_run","event":"test_event","utcTime":"2024-01-01T00:00:00",\
        "metadata":{"workflow":{}},"trace":{}}
        """

    /// The lines, without a line break at the end.
    package var text: String {
        let base = baseURL
        let token = needsToken ? " -H \"Authorization: Bearer $TOKEN\"" : ""
        let others = addresses.dropFirst().map { "                       and on \($0.description)" }
        let nextflow =
            needsToken
            ? "nextflow run hello -with-weblog \(base)/ingest/$TOKEN/telemetry"
            : "nextflow run hello -with-weblog \(base)/telemetry"
        return """
            Weir \(BuildInfo.version) is ready at \(base)
            \((others + ["                       rows go to \(database)"]).joined(separator: "\n"))

              Send an event:   curl -sS \(base)/telemetry\(token) -H 'Content-Type: application/json' -d '\(Self.sampleEvent)'
              Watch a run:     \(nextflow)
              Look:            curl -sS \(base)/metrics/processes/summary\(token)

            Ctrl-C stops it.
            """
    }

    /// The first TCP address, as a client on this machine uses it.
    private var baseURL: String {
        for address in addresses {
            guard case .tcp(let host, let port) = address.endpoint else { continue }
            let reachable = host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "::1" : host
            return "http://\(reachable.contains(":") ? "[\(reachable)]" : reachable):\(port)"
        }
        return "http://localhost"
    }
}
