internal import API
internal import HTTP
internal import Notifications

/// Which rules and channels belong to the alerting document, and are changed by saving that only.
enum Ownership {
    /// The origin of its rules and channels.
    static let origin = "observability"
    /// What their names begin with.
    static let prefix = "observability/"

    /// Refuses to change a rule or a channel of this origin: 409, with the place where it is changed.
    static func check(_ origin: String) throws(OperatorFailure) {
        guard origin == self.origin else { return }
        throw OperatorFailure(
            .conflict,
            "It belongs to the alerting document: save that by POST /observability/config.",
            action: "GET /observability/config shows the document; its `config` is sent back with the change."
        )
    }

    /// Refuses a name that is kept for rules and channels of the document.
    static func checkName(_ name: String) throws(OperatorFailure) {
        guard name.hasPrefix(prefix) else { return }
        throw OperatorFailure.invalid([
            .init("name", "reserved", "names that begin with \(prefix) belong to the alerting document")
        ])
    }

    /// The channels that the alert object names: what the original could deliver to. Contract pipelogiq §6.3.
    static func deliverable(_ channels: some Sequence<StoredChannel>) -> [String] {
        let names = Set(channels.filter { $0.origin == origin && $0.isEnabled }.map(\.name))
        return [AlertingChannel.telegram, .webhook].filter { names.contains($0.name) }.map(\.rawValue)
    }
}
