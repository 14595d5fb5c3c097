package import Configuration
internal import Postgres

/// After what silence a run that has not ended is stale: the weblog is silent while long tasks run, Tower's client is not.
package struct RunSilence: Hashable, Sendable {
    /// For runs that only the weblog tells of.
    let weblog: Duration
    /// For runs that Tower's client tells of.
    let tower: Duration

    /// Takes both from the settings.
    package init(_ settings: SettingValues) {
        self.init(
            weblog: settings[NextflowSettings.staleAfter],
            tower: settings[NextflowSettings.towerStaleAfter]
        )
    }

    /// Makes a value for tests.
    package init(weblog: Duration, tower: Duration = .seconds(190)) {
        self.weblog = weblog
        self.tower = tower
    }

    /// As the argument `stale_after` of `run_state`, an `interval[]`.
    var parameter: Parameter {
        .text("{\(weblog.components.seconds) seconds,\(tower.components.seconds) seconds}")
    }
}
