import AlertsClient
import ArgumentParser
import Core
import Notifications
import WeirApp

/// `weir alerts rules`: what is told, to whom.
struct AlertsRulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules",
        abstract: "List, show, enable, disable and delete rules; `weir alerts apply` adds them.",
        subcommands: [List.self, Show.self, Enable.self, Disable.self, Delete.self],
        defaultSubcommand: List.self
    )

    /// Lists rules.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all rules by name.")

        @OptionGroup var server: AlertsServerOptions

        func run() async throws {
            try server.with { alerts in
                let rules = try alerts.rules()
                let channels = server.json ? [] : try alerts.channels()
                let lines = AlertTables.lines(rules, channels, at: .now(), width: TextLayout.width)
                server.print(rules.map(\.json), lines)
            }
        }
    }

    /// Shows a rule.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a rule as `weir alerts apply` takes it."
        )

        @OptionGroup var rule: RuleChoice

        func run() async throws {
            try rule.with { alerts, rule in
                guard !self.rule.server.json else {
                    return StandardStreams.write(String(decoding: rule.json, as: UTF8.self))
                }
                StandardStreams.write("# \(rule.id), made by: \(rule.origin)")
                if let error = rule.evaluationError {
                    StandardStreams.write("# it fails: \(TerminalText.value(error))")
                }
                StandardStreams.write("rules:")
                for line in AlertsExport.lines(of: rule, try alerts.channels()) {
                    StandardStreams.write(line)
                }
            }
        }
    }

    /// Enables a rule.
    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Enable a rule.")

        @OptionGroup var rule: RuleChoice

        func run() async throws {
            try rule.with { alerts, rule in
                try alerts.change(.rule, rule.id, ["enabled": true])
                StandardStreams.write("\(rule.name) is enabled")
            }
        }
    }

    /// Disables a rule.
    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Disable a rule: it fires nothing more.")

        @OptionGroup var rule: RuleChoice

        func run() async throws {
            try rule.with { alerts, rule in
                try alerts.change(.rule, rule.id, ["enabled": false])
                StandardStreams.write("\(rule.name) is disabled")
            }
        }
    }

    /// Deletes a rule.
    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a rule: what it has fired is resolved, its deliveries stay."
        )

        @Flag(help: "Don't ask.")
        var yes = false

        @OptionGroup var rule: RuleChoice

        func run() async throws {
            try await reportingFailures {
                try rule.with { alerts, rule in
                    try Confirmation.require(yes, "This deletes the rule \(TerminalText.value(rule.name)).")
                    try alerts.delete(.rule, rule.id)
                    StandardStreams.write("\(rule.name) is deleted")
                }
            }
        }
    }
}

/// The rule that a command is about.
struct RuleChoice: ParsableArguments {
    @Argument(help: "The name of the rule, or its id.")
    var rule: String

    @OptionGroup var server: AlertsServerOptions

    func with(_ body: (AlertsServer, ShownRule) throws -> Void) throws {
        try server.with { alerts in
            let rules = try alerts.rules()
            try body(
                alerts,
                try ShortID.find(named: rule, among: rules, called: "rule", name: \.name, id: \.id)
            )
        }
    }
}
