internal import Core
internal import Ingest

/// A group in memory, with the keys of its series in the table of the export.
struct PushEntry: Sendable {
    /// A metric of it.
    struct Family: Sendable {
        var pushedID: Int64
        var expiresAt: Timestamp?
        /// The keys of its series in the table of the export.
        var keys: [UUID128]
    }

    let group: PushGroup
    var component: Component
    /// Of the last successful push; 0 without one. The same for the others.
    var pushedID: Int64 = 0
    var expiresAt: Timestamp?
    var failedID: Int64 = 0
    /// What was pushed before is replaced.
    var clearedID: Int64 = 0
    var deletedID: Int64 = 0
    var families: [String: Family] = [:]
    /// Whether it is in the export.
    var isShown = false

    init(group: PushGroup, component: Component) {
        self.group = group
        self.component = component
    }
}

extension PushEntry {
    /// When the group was pushed to, and when a push was refused, as the Pushgateway shows it.
    var times: [LatestValues.Pushed] {
        [
            ("push_time_seconds", "succeeded", pushedID > deletedID ? pushedID : 0),
            ("push_failure_time_seconds", "failed", failedID > deletedID ? failedID : 0),
        ].map { name, outcome, id in
            let family = PushedFamily(
                name: name,
                type: .gauge,
                help: "Last Unix time when changing this group in the Pushgateway \(outcome).",
                lines: [
                    .init(
                        name: name,
                        labels: .none,
                        value: id == 0 ? 0 : PushChange.time(of: id).secondsSinceEpoch
                    )
                ]
            )
            let at = PushChange.time(of: max(pushedID, failedID))
            let sample = family.samples(of: group, at: at)[0]
            return LatestValues.Pushed(key: group.key(of: sample), component: component, sample: sample)
        }
    }
}

extension PushGroup {
    /// The key of a pushed series in the table of the export.
    func key(of sample: Sample) -> UUID128 {
        var digest = KeyDigest()
        digest.add(key.description)
        digest.add(sample.series.key.description)
        return digest.finish()
    }
}
