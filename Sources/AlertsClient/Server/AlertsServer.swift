package import Core
package import Notifications

/// The alerts of a running Weir, as its API shows them. Blocks; any thread. Contract beampipe §4.2.
package struct AlertsServer: Sendable {
    private static let page = 500

    private let transport: any AlertsTransport

    /// Talks to a server over a connection.
    package init(_ transport: some AlertsTransport) {
        self.transport = transport
    }

    // MARK: - Rules and channels

    /// All channels, by name.
    package func channels() throws(AlertsFailure) -> [ShownChannel] {
        try list("/api/v2/notification-channels").map(ShownChannel.init)
    }

    /// All rules, Weir's own among them, by name.
    package func rules() throws(AlertsFailure) -> [ShownRule] {
        try list("/api/v2/alert-rules?defaults=true").map(ShownRule.init)
    }

    /// Adds a channel or a rule; answers its id.
    package func add(_ what: Resource, _ body: JSONValue) throws(AlertsFailure) -> String {
        try text("uuid", of: try node("POST", what.path, body))
    }

    /// Changes a channel or a rule.
    package func change(_ what: Resource, _ id: String, _ body: JSONValue) throws(AlertsFailure) {
        _ = try ask("PATCH", "\(what.path)/\(URLText.encoded(id))", body)
    }

    /// Deletes a channel or a rule.
    package func delete(_ what: Resource, _ id: String) throws(AlertsFailure) {
        _ = try ask("DELETE", "\(what.path)/\(URLText.encoded(id))")
    }

    /// The keys of a channel's configuration that a patch would change; nil for a server that cannot tell.
    package func compare(_ channel: String, _ config: JSONValue) throws(AlertsFailure) -> [String]? {
        let path = "\(Resource.channel.path)/\(URLText.encoded(channel))/compare"
        do throws(AlertsFailure) {
            return try node("POST", path, ["config": config])["changed"].map {
                $0.elements.compactMap(\.string)
            }
        } catch {
            guard let status = error.status, [404, 405, 501].contains(status) else { throw error }
            return nil
        }
    }

    /// Sends a test over a channel; answers what became of it.
    package func test(_ channel: String) throws(AlertsFailure) -> TestOutcome {
        let answer = try node("POST", "\(Resource.channel.path)/\(URLText.encoded(channel))/test")
        if let outcome = TestOutcome(answer) { return outcome }
        // The original tells no more than the delivery that it wrote. Contract beampipe D20.
        let id = try text("delivery_id", of: answer)
        let delivery = try node("GET", "/api/v2/alert-deliveries/\(URLText.encoded(id))")
        guard let outcome = TestOutcome(delivery) else {
            throw AlertsFailure("the test is not delivered yet: look at `weir alerts deliveries`")
        }
        return outcome
    }

    /// What a rule would have fired in the last day, as the server says it.
    package func preview(_ body: JSONValue) throws(AlertsFailure) -> JSONNode {
        try node("POST", "\(Resource.rule.path)/preview", body)
    }

    // MARK: - Incidents

    /// Incidents, those that fired last first, at most so many; `isFiring` leaves out the others.
    package func incidents(
        isFiring: Bool? = nil,
        project: String? = nil,
        limit: Int
    ) throws(AlertsFailure) -> [ShownIncident] {
        var found: [ShownIncident] = []
        var cursor: String?
        repeat {
            let answer = try node(
                "GET",
                "/api/v2/alert-incidents"
                    + URLText.query([
                        ("status", isFiring.map { $0 ? "firing" : "resolved" }), ("project", project),
                        ("limit", String(min(Self.page, limit - found.count))), ("cursor", cursor),
                    ])
            )
            found += (answer["incidents"]?.elements.map { ShownIncident($0) }) ?? []
            cursor = answer["next_cursor"]?.string
        } while cursor != nil && found.count < limit
        return found
    }

    /// Acknowledges, takes an acknowledgement back, or resolves; answers the incident.
    package func change(
        incident id: String,
        _ verb: IncidentVerb,
        by name: String?
    ) throws(AlertsFailure) -> ShownIncident {
        let body: JSONValue = name.map { ["by": .text($0)] } ?? .object([])
        let path = "/api/v2/alert-incidents/\(URLText.encoded(id))/\(verb.rawValue)"
        return ShownIncident(try node("POST", path, body))
    }

    // MARK: - Silences

    /// All silences that the server still keeps.
    package func silences() throws(AlertsFailure) -> [ShownSilence] {
        try list("/api/v2/silences").map(ShownSilence.init)
    }

    /// Adds a silence; answers its id.
    package func add(_ silence: NewSilence) throws(AlertsFailure) -> String {
        try text("silenceID", of: try node("POST", "/api/v2/silences", silence.body))
    }

    /// Ends a silence.
    package func expire(silence id: String) throws(AlertsFailure) {
        _ = try ask("DELETE", "/api/v2/silence/\(URLText.encoded(id))")
    }

    // MARK: - Deliveries

    /// Deliveries, the newest first, at most so many.
    package func deliveries(
        statuses: [String] = [],
        channel: String? = nil,
        limit: Int
    ) throws(AlertsFailure) -> [ShownDelivery] {
        var found: [ShownDelivery] = []
        var cursor: String?
        repeat {
            let query = URLText.query(
                statuses.map { ("status", $0) } + [
                    ("channel_id", channel), ("limit", String(min(Self.page, limit - found.count))),
                    ("cursor", cursor),
                ]
            )
            let answer = try ask("GET", "/api/v2/alert-deliveries\(query)")
            found += try Self.array(answer.body, transport.origin).map { ShownDelivery($0) }
            cursor = answer.nextCursor
        } while cursor != nil && found.count < limit
        return found
    }

    /// Sends a failed delivery once more.
    package func retry(delivery id: String) throws(AlertsFailure) {
        _ = try ask("POST", "/api/v2/alert-deliveries/\(URLText.encoded(id))/retry")
    }

    /// Deletes deliveries that are over and were made before a time; answers how many.
    package func purge(before time: Timestamp) throws(AlertsFailure) -> Int64 {
        let query = URLText.query([("until", time.iso8601(offset: .z))])
        return try node("DELETE", "/api/v2/alert-deliveries\(query)")["deleted"]?.int64 ?? 0
    }

    // MARK: - Requests

    private func list(_ path: String) throws(AlertsFailure) -> [JSONNode] {
        try Self.array(try ask("GET", path).body, transport.origin)
    }

    private func node(_ method: String, _ path: String, _ body: JSONValue? = nil) throws(AlertsFailure)
        -> JSONNode
    {
        let answer = try ask(method, path, body)
        guard let root = try? JSONDocument(answer.body).root, root.kind == .object else {
            throw Self.strange(transport.origin)
        }
        return root
    }

    private func ask(_ method: String, _ path: String, _ body: JSONValue? = nil) throws(AlertsFailure)
        -> AlertsAnswer
    {
        let answer = try transport.ask(method, path, body?.json)
        guard (200..<300).contains(answer.status) else { throw Refusal.failure(answer) }
        return answer
    }

    private func text(_ name: String, of node: JSONNode) throws(AlertsFailure) -> String {
        guard let text = node[name]?.string else { throw Self.strange(transport.origin) }
        return text
    }

    private static func array(_ body: [UInt8], _ origin: String) throws(AlertsFailure) -> [JSONNode] {
        guard let root = try? JSONDocument(body).root, root.kind == .array else { throw strange(origin) }
        return Array(root.elements)
    }

    private static func strange(_ origin: String) -> AlertsFailure {
        AlertsFailure("the answer is not one of Weir's; is \(origin) a Weir with alerts?")
    }
}

/// What a file describes.
package enum Resource: String, Sendable {
    case channel, rule

    var path: String {
        switch self {
        case .channel: "/api/v2/notification-channels"
        case .rule: "/api/v2/alert-rules"
        }
    }
}

/// What a person can say of an incident.
package enum IncidentVerb: String, Sendable {
    case acknowledge, unacknowledge, resolve
}
