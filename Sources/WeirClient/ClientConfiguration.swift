internal import Glibc

/// Where runs are sent, and what is kept on this machine. Contract §3.7.
public struct ClientConfiguration: Sendable {
    /// The address of Weir, without a trailing slash.
    public var url: String
    /// A token with the scope `ingest`; nil sends none.
    public var token: String?
    /// The directory for records that Weir could not take.
    public var bufferDirectory: String
    /// The directory in which every record and event is also written, a file a day; nil writes none.
    public var eventDirectory: String?
    /// The address to which a run's end is also posted; nil for none.
    public var externalPost: ExternalPost?
    /// The owner of the agents.
    public var agentOwner: String?
    /// The name of this machine.
    public var host: String
    /// How long the start or the end of a run may delay the program. A record that Weir has not taken by then waits in
    /// the buffer.
    public var patience: Duration = .seconds(5)
    /// The most attempts of a request without a response.
    public var attempts = 3
    /// The pause between attempts.
    public var retryPause: Duration = .seconds(1)
    /// The least time between two automatic replays of the buffer; nil for none.
    public var replayInterval: Duration? = .seconds(60)
    /// How long nothing is sent to a server that did not respond: meanwhile records go to the buffer at once. Then one
    /// request is sent as a probe; the pause doubles after each probe without a response, up to five minutes. nil sends
    /// every request.
    public var restPause: Duration? = .seconds(30)
    /// The name of the run that this program is a part of: the parent of runs that name no other.
    public var parentRunID: String?
    /// How long one attempt may take.
    public var timeout: Duration = .seconds(10)

    /// An address to which each run's end is posted, once. Contract §3.4.
    public struct ExternalPost: Sendable {
        /// The address.
        public var url: String
        /// The bearer token; without one the reference's client says `None`.
        public var token: String?

        /// Names an address.
        public init(url: String, token: String? = nil) {
            self.url = url
            self.token = token
        }
    }

    /// Configures a client in code.
    public init(url: String = "http://localhost:8765", bufferDirectory: String = "./telemetry_buffer") {
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.bufferDirectory = bufferDirectory
        host = Self.machineName
    }

    /// Configures a client by variables: `WEIR_URL` and `WEIR_TOKEN`, `WEIR_RUN_ID`, which `weir track` sets for its
    /// command and which becomes the parent of this program's runs, and those of the original client.
    public static func fromEnvironment(_ variables: [String: String] = Self.variables) -> ClientConfiguration
    {
        func value(_ names: String...) -> String? {
            names.lazy.compactMap { variables[$0] }.first { !$0.isEmpty }
        }
        var configuration = ClientConfiguration(
            url: value("WEIR_URL", "TELEMETRY_API_URL", "METRICS_API_URL") ?? "http://localhost:8765",
            bufferDirectory: value("TELEMETRY_BUFFER_DIR") ?? "./telemetry_buffer"
        )
        configuration.token = value("WEIR_TOKEN", "TELEMETRY_API_AUTH_TOKEN")
        configuration.agentOwner = value("AGENT_OWNER")
        configuration.parentRunID = value("WEIR_RUN_ID")
        configuration.eventDirectory = value("TELEMETRY_NDJSON_DIR") ?? base(value).map { "\($0)/raw" }
        let switches = ["true", "1", "yes", "on"]
        func isOn(_ name: String) -> Bool { switches.contains(value(name)?.lowercased() ?? "") }
        let token = value("METRICS_API_TOKEN")
        if isOn("GOOGLE_SHEETS_API_ENABLED"), let url = value("GOOGLE_SHEETS_API_URL"),
            token != nil || !isOn("METRICS_API_AUTH_REQUIRED")
        {
            configuration.externalPost = ExternalPost(url: url, token: token)
        }
        return configuration
    }

    /// The directory of the original client's files, where there is one.
    private static func base(_ value: (String...) -> String?) -> String? {
        if let path = value("TELEMETRY_DB_PATH") {
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            if parts.count > 2 { return parts.dropLast(2).joined(separator: "/") }
        }
        if let named = value("TELEMETRY_BASE_DIR", "AGENT_METRICS_DIR") { return named }
        let home = value("HOME").map { ["\($0)/.telemetry"] } ?? []
        let usual = ["/agent-metrics", "/opt/telemetry", "/data/telemetry"] + home
        return usual.first { access($0, W_OK) == 0 }
    }

    /// The environment of this process.
    public static var variables: [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(
                separator: "=",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return variables
    }

    private static var machineName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
