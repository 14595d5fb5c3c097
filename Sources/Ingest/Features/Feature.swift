package import Configuration

/// A feature of Weir as one value: everything that the rest of Weir knows about it. Design §2.
///
/// The server, `weir replay`, `weir dead-letters`, `weir retain`, `weir audit` and the table of settings iterate over
/// one list of features, and know nothing else of them.
package struct Feature: Sendable {
    /// Its name in messages: `runs`.
    package let name: String
    /// Its settings.
    package let settings: [AnySetting]
    /// The journal streams that it turns into rows.
    package let streams: [JournalStream]
    /// The retention of its rows.
    package let retention: [RetentionRule]
    /// Its questions for `weir audit`.
    package let audit: [AuditQuestion]
    private let serve: @Sendable (inout FeatureSetup) -> Void

    /// Describes a feature. `serve` adds its endpoints, loaders, maintenance jobs and gauges to a starting server.
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

    /// Adds everything to a server: what `serve` adds, and the maintenance jobs of its retention rules.
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
