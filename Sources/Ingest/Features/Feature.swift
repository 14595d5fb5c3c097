package import Configuration

/// A feature of Weir as one value: everything that the house needs to know about it. Design §2.
///
/// The server, `weir replay`, `weir dead-letters`, `weir retain`, `weir audit` and the table of settings walk over one list
/// of features. What a feature does not say here, nobody knows of it.
package struct Feature: Sendable {
    /// A word for messages about it: `runs`.
    package let name: String
    /// What can be configured about it.
    package let settings: [AnySetting]
    /// The streams of the journal that it turns into rows.
    package let streams: [JournalStream]
    /// Which of its rows are deleted when they are old.
    package let retention: [RetentionRule]
    /// What `weir audit` asks about its tables.
    package let audit: [AuditQuestion]
    private let serve: @Sendable (inout FeatureSetup) -> Void

    /// Describes a feature. `serve` adds its endpoints, loaders, maintenance jobs and gauges to a server that starts.
    package init(
        _ name: String,
        settings: [AnySetting] = [],
        streams: [JournalStream] = [],
        retention: [RetentionRule] = [],
        audit: [AuditQuestion] = [],
        serve: @escaping @Sendable (inout FeatureSetup) -> Void
    ) {
        self.name = name
        self.settings = settings
        self.streams = streams
        self.retention = retention
        self.audit = audit
        self.serve = serve
    }

    /// Adds all that it brings to a server: what `serve` adds, and the maintenance jobs of its retention rules.
    package func start(in setup: inout FeatureSetup) {
        serve(&setup)
        let loaded = Set(setup.progress.map(\.stream))
        for stream in streams where !loaded.contains(stream.name) {
            preconditionFailure(
                "BUG: the feature \(name) declares the stream \(stream.name) and does not load it"
            )
        }
        for rule in retention { setup.jobs += [rule.job(setup.settings)].compactMap(\.self) }
    }
}
