internal import Core
internal import Ingest

/// A group of pushed metrics: everything that was pushed under one set of labels, of which `job` is one.
struct PushGroup: Sendable {
    /// The grouping key of the path.
    let labels: LabelSet
    /// A digest of the labels.
    let key: UUID128

    /// Nil without a job.
    init?(_ labels: LabelSet) {
        guard let job = labels.pairs.first(where: { $0.name == "job" }), !job.value.isEmpty else {
            return nil
        }
        self.labels = labels
        var digest = KeyDigest()
        digest.add("push")
        for label in labels.pairs {
            digest.add(label.name)
            digest.add(label.value)
        }
        key = digest.finish()
    }

    /// The component that its samples belong to: a broker with the name of the job.
    var component: ComponentKey {
        ComponentKey(type: .broker, name: labels.pairs.first { $0.name == "job" }?.value ?? "")
    }

    /// The labels of a sample: those of the group replace its own, and `instance` is empty unless one of them has it.
    /// Otherwise Prometheus would put the address of this server there.
    func labels(of sample: LabelSet) -> LabelSet {
        LabelSet(([("instance", "")] + (sample.pairs + labels.pairs).map { ($0.name, $0.value) }))
    }
}

extension PushGroup: Hashable {
    static func == (left: PushGroup, right: PushGroup) -> Bool { left.key == right.key }
    func hash(into hasher: inout Hasher) { hasher.combine(key) }
}
