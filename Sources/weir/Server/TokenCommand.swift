import API
import ArgumentParser
import Operations
import WeirApp

/// `weir token`: manages access tokens.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Create, list and revoke access tokens.",
        discussion: """
            Once there is a token, clients need one. They send it as `Authorization: Bearer`, as \
            `X-API-Key`, as the password of Basic authentication, or in the path: /ingest/<token>/telemetry.
            """,
        subcommands: [Create.self, List.self, Revoke.self],
        defaultSubcommand: List.self
    )

    /// Creates a token and prints its secret, once.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a token and print it, this once: only its hash is stored."
        )

        @Argument(help: "A name for it, such as that of a pipeline or a dashboard.")
        var name: String

        @Option(
            name: .shortAndLong,
            help: ArgumentHelp(
                "What the token allows: ingest, read, admin. Repeat it for more than one.",
                valueName: "scope"
            )
        )
        var scope: [Scope] = [.ingest]

        @Flag(help: "Print JSON, including the token.")
        var json = false

        @OptionGroup var settings: SettingOptions

        func run() async throws {
            try await reportingFailures {
                let resolved = try settings.resolve()
                let made = try await DatabaseSession.with(resolved.settings) { database in
                    try await TokenAdministration(database, resolved.settings).create(
                        name,
                        scopes: Set(scope)
                    )
                }
                StandardStreams.write(json ? made.json : made.secret)
                let note = """
                    token '\(name)' may \(made.scopes). Keep the token above: it is not stored. Running \
                    servers accept it within \(TokenRegistry.reloadSeconds) seconds.
                    """
                for line in TextLayout.wrapped(note) { StandardStreams.writeError(line) }
            }
        }
    }

    /// Lists names, scopes and dates; never secrets.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the tokens: names, scopes, dates."
        )

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var settings: SettingOptions

        func run() async throws {
            try await reportingFailures {
                let resolved = try settings.resolve()
                let lines = try await DatabaseSession.with(resolved.settings) { database in
                    let tokens = TokenAdministration(database, resolved.settings)
                    return json ? [try await tokens.listJSON()] : try await tokens.list()
                }
                for line in lines { StandardStreams.write(line) }
            }
        }
    }

    /// Revokes a token.
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Revoke a token permanently.")

        @Argument(help: "The token's name.")
        var name: String

        @OptionGroup var settings: SettingOptions

        func run() async throws {
            try await reportingFailures {
                let resolved = try settings.resolve()
                let lines = try await DatabaseSession.with(resolved.settings) { database in
                    try await TokenAdministration(database, resolved.settings).revoke(name)
                }
                guard let lines else { throw CommandFailure("there is no token '\(name)' to revoke") }
                for line in lines { StandardStreams.write(line) }
            }
        }
    }
}

extension Scope: ExpressibleByArgument {}
