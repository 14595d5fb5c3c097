internal import API
internal import Configuration
internal import Core
internal import Ingest
internal import Logging
internal import Postgres

extension AlertsParts {
    /// The endpoints of Alertmanager's API v2.
    func alertmanager(_ server: FeatureSetup) -> [Endpoint] {
        let surface = AlertsSurface(pool: server.pool, logger: server.logger, form: .alertmanager)
        let silences = SilenceRoutes(
            surface: surface,
            book: engine.book,
            most: server.settings[AlertsSettings.silences]
        )
        return AlertmanagerRoutes(surface: surface, book: engine.book, startedAt: .now()).all + silences.all
    }
}
