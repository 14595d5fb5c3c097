package import Core

/// The options of `weir simulate`.
package struct SimulatorOptions: Sendable {
    /// The number of sessions; a failed one is sometimes resumed as a second run.
    package var sessions: Int
    /// Tasks of each run, before retries.
    package var tasksPerRun: Int
    /// Events per second across all senders; 0 is as fast as the server responds.
    package var eventsPerSecond: Double
    /// Concurrent senders; each sends one run after the other, one event at a time.
    package var senders: Int
    /// The approximate share of attempts that fail.
    package var failureShare: Double
    /// Whether task metrics are on, as with `-with-trace`.
    package var hasMetrics: Bool
    /// The same seed and start give the same bytes.
    package var seed: UInt64
    /// When the first simulated session begins.
    package var start: Timestamp
    /// The destination of the weblog's events; nil for none.
    package var weblog: SimulatorTarget?
    /// The destination of the calls of Tower's client, as `TOWER_API_ENDPOINT` tells it; nil for none.
    package var tower: SimulatorTarget?
    /// The milliseconds of a run's time between two calls that tell tasks, unless 100 tasks have changed.
    package var callInterval: Int64
    /// The pause before Tower's client makes a call again; it doubles each time.
    package var retryDelay: Duration
    /// The timeout of a response, in seconds; the real client has none.
    package var timeoutSeconds: Int

    /// Options for targets; everything else has a default.
    package init(target: SimulatorTarget? = nil, tower: SimulatorTarget? = nil, start: Timestamp) {
        weblog = target
        self.tower = tower
        self.start = start
        callInterval = 1000
        retryDelay = .milliseconds(350)
        sessions = 3
        tasksPerRun = 50
        eventsPerSecond = 0
        senders = 16
        failureShare = 0.04
        hasMetrics = true
        seed = 1
        timeoutSeconds = 30
    }
}

/// A URL in the form of the weblog client: `http://host[:port][/path][?query]`.
package struct SimulatorTarget: Hashable, Sendable {
    let host: String
    let port: UInt16
    package let authority: String
    package let path: String

    /// The requested URL; the `Host` field has the authority as it was written.
    var url: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)\(path)" }

    /// The weblog sends it as `Authorization: Basic`, like `weblog.basicToken`; Tower's client as the password of `@token`.
    package var token: String?

    /// Reads a URL; nil unless it is plain http.
    package init?(_ url: String, token: String? = nil) {
        guard url.lowercased().hasPrefix("http://") else { return nil }
        let rest = url.dropFirst(7)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        authority = String(rest[..<end])
        let tail = String(rest[end...])
        path = tail.hasPrefix("/") ? tail : "/" + tail
        let hasPort = authority.last != "]" && authority.contains(":")
        let host =
            hasPort ? authority[..<(authority.lastIndex(of: ":") ?? authority.endIndex)] : authority[...]
        let port = hasPort ? UInt16(authority[host.endIndex...].dropFirst()) : 80
        let bare = host.hasPrefix("[") ? host.dropFirst().dropLast() : host
        guard let port, !bare.isEmpty, !bare.contains("@"), url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            return nil
        }
        self.host = String(bare)
        self.port = port
        self.token = token
    }
}
