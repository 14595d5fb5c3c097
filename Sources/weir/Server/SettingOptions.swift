import ArgumentParser
import Configuration
import WeirApp

/// The settings that have an option beside their environment variable.
struct SettingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "PostgreSQL to use, as postgresql://user:password@host/database.",
            discussion: "Also DATABASE_URL. Prefer the variable: other users can see a command line.",
            valueName: "url"
        )
    )
    var databaseUrl: String?

    @Option(help: ArgumentHelp("Directory of the journal and the private cluster. Also WEIR_DATA_DIR."))
    var dataDir: String?

    @Option(
        help: ArgumentHelp(
            "Where to listen: a comma list of [profile@]host:port. Also WEIR_LISTEN.",
            valueName: "addresses"
        )
    )
    var listen: String?

    @Option(help: ArgumentHelp("Least severe log lines to write. Also WEIR_LOG_LEVEL.", valueName: "level"))
    var logLevel: String?

    @Option(help: ArgumentHelp("text, json or auto. Also WEIR_LOG_FORMAT.", valueName: "format"))
    var logFormat: String?

    /// The options that were given, by name.
    private var flags: [String: String] {
        [
            "database-url": databaseUrl, "data-dir": dataDir, "listen": listen, "log-level": logLevel,
            "log-format": logFormat,
        ].compactMapValues { $0 }
    }

    /// Resolves all settings and warns about unknown variables.
    func resolve() throws -> ResolvedSettings {
        let resolved = try settle()
        for warning in resolved.warnings { StandardStreams.writeError("weir: warning: \(warning)") }
        return resolved
    }

    /// Resolves all settings; the caller prints the warnings.
    func settle() throws -> ResolvedSettings {
        do {
            return try Settings.resolve(flags: flags, environment: ProcessEnvironment.variables)
        } catch {
            throw CommandFailure(error.description, code: .configuration)
        }
    }
}
