internal import Core

/// One change of a group: the line of a push.
struct PushChange: Sendable {
    /// What it does.
    enum Action: String, Sendable {
        /// Replaces all metrics of the group: `PUT`.
        case replace
        /// Replaces metrics of the same names: `POST`.
        case add
        /// Removes the group: `DELETE`.
        case delete
        /// Was refused; the group shows when.
        case fail
    }

    /// Orders the changes of all Weirs: a newly minted id, which begins with the time.
    let id: Int64
    let group: PushGroup
    let action: Action
    /// Until when its metrics are shown; nil until they are replaced or deleted.
    let expiresAt: Timestamp?
    let families: [PushedFamily]

    /// The moment of an id.
    static func time(of id: Int64) -> Timestamp {
        Timestamp(microseconds: (id >> 22 + Snowflake.epochMilliseconds) * 1000)
    }

    /// When it was pushed.
    var at: Timestamp { Self.time(of: id) }

    /// Its samples for the history, at their arrival.
    func samples(at: Timestamp) -> [Sample] {
        families.flatMap { $0.samples(of: group, at: at) }
    }
}

extension PushChange {
    /// The body of its line.
    var line: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("push_id", id)
            json.member("action", action.rawValue)
            json.member("group", raw: group.labels.json ?? [])
            if let expiresAt { json.member("expires_at", expiresAt) }
            json.array("families") { list in for family in families { family.write(to: &list) } }
        }
        return json.bytes
    }

    /// Reads the body of a line; nil for what no release has written.
    init?(_ root: JSONNode) {
        guard let id = root["push_id"]?.int64, let action = root["action"]?.string.flatMap(Action.init),
            let group = PushGroup(LabelSet(json: root["group"].map { Array($0.rawBytes) })),
            let list = root["families"], list.kind == .array
        else { return nil }
        self.id = id
        self.action = action
        self.group = group
        expiresAt = root["expires_at"]?.timestamp
        var families: [PushedFamily] = []
        for element in list.elements {
            guard let family = PushedFamily(element) else { return nil }
            families.append(family)
        }
        self.families = families
    }
}
