package import API
package import Postgres

/// The link templates that an operator has configured: nil for those that are missing or not valid.
package struct LinkTemplates: Hashable, Sendable {
    package var trace: LinkTemplate?
    package var logs: LinkTemplate?

    /// Makes them.
    package init(trace: LinkTemplate? = nil, logs: LinkTemplate? = nil) {
        self.trace = trace
        self.logs = logs
    }
}

/// Who knows the link templates: the configuration of integrations is another feature's.
package protocol LinkTemplateSource: Sendable {
    /// Reads the templates.
    ///
    /// - Throws: `PostgresError`.
    func templates(on connection: Connection) throws -> LinkTemplates
}
