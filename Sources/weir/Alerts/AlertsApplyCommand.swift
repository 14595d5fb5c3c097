import AlertsClient
import ArgumentParser
import Core
import Glibc
import Notifications
import WeirApp

/// `weir alerts apply`: channels and rules from files.
struct AlertsApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Make channels and rules as YAML files say, after showing what changes.",
        discussion: """
            It touches only what was made from files. Applying the same files twice changes nothing. \
            ${NAME} in a channel stands for a variable of the environment.

            Exit code 0 if the server has what the files say, and with --plan; 1 if a file is wrong or the \
            server refused a part (what was done before stays); 2 if there is something to do that was not \
            confirmed: without a terminal, pass --yes.

            Example: weir alerts apply alerts.yaml --plan
            """
    )

    @OptionGroup var files: AlertsFiles

    @Flag(help: "Only show what would change.")
    var plan = false

    @Flag(help: "Also delete what was made from files and is in none of these.")
    var prune = false

    @Flag(help: "Take over channels and rules of the same names that were not made from files.")
    var adopt = false

    @Flag(help: "Don't ask.")
    var yes = false

    @OptionGroup var server: AlertsServerOptions

    func run() async throws {
        try await reportingFailures {
            try server.with { alerts in
                let file = try files.read()
                let planner = AlertsPlanner(
                    channels: try alerts.channels(),
                    rules: try alerts.rules(),
                    adopts: adopt,
                    prunes: prune,
                    compare: alerts.compare
                )
                let plan = try planner.plan(file)
                if !server.json {
                    for line in plan.lines(width: TextLayout.width) { StandardStreams.write(line) }
                }
                if plan.isEmpty || self.plan { return end(plan, isDone: false) }
                try confirm(plan)
                try PlanRunner(alerts).run(plan) { step in
                    guard !server.json else { return }
                    StandardStreams.write(
                        "\(Self.words[step.action] ?? "") \(step.resource.rawValue) \(step.name)"
                    )
                }
                end(plan, isDone: true)
            }
        }
    }

    private static let words: [AlertsPlan.Action: String] = [
        .add: "added", .change: "changed", .delete: "deleted",
    ]

    private func end(_ plan: AlertsPlan, isDone: Bool) {
        if server.json { StandardStreams.write(plan.json(isDone: isDone)) }
    }

    private func confirm(_ plan: AlertsPlan) throws {
        guard !yes, isatty(STDIN_FILENO) == 0 else {
            return try Confirmation.require(yes, "This changes alerts as shown above.")
        }
        end(plan, isDone: false)
        throw CommandFailure(
            "there is no terminal to confirm on, nothing was changed; pass --yes",
            code: .notConfirmed
        )
    }
}

/// `weir alerts preview`: what rules would have fired.
struct AlertsPreviewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview",
        abstract: "Show what rules would have fired in the last day, before they are applied.",
        discussion: """
            With files: their rules, or the one that --rule names. Without: the rule of the server that \
            --rule names.

            Example: weir alerts preview alerts.yaml --rule 'run failed'
            """
    )

    @Argument(help: ArgumentHelp("YAML files.", valueName: "file"))
    var paths: [String] = []

    @Option(help: ArgumentHelp("Only this rule.", valueName: "name"))
    var rule: String?

    @OptionGroup var server: AlertsServerOptions

    func validate() throws {
        guard !paths.isEmpty || rule != nil else { throw ValidationError("Name a file, or pass --rule.") }
    }

    func run() async throws {
        try server.with { alerts in
            var previews: [[UInt8]] = []
            for (name, body) in try bodies(alerts) {
                let preview = try alerts.preview(body)
                previews.append(Array(preview.rawBytes))
                guard !server.json else { continue }
                let lines = AlertTables.lines(preview: preview, of: name, width: TextLayout.width)
                for line in lines + [""] { StandardStreams.write(line) }
            }
            if server.json { StandardStreams.write(AlertLists.array(previews)) }
        }
    }

    private func bodies(_ alerts: AlertsServer) throws -> [(String, JSONValue)] {
        if paths.isEmpty {
            let found = try ShortID.find(
                named: rule ?? "",
                among: try alerts.rules(),
                called: "rule",
                name: \.name,
                id: \.id
            )
            return [(found.name, found.body)]
        }
        let rules = try AlertsFiles.read(paths).rules.filter { rule == nil || $0.name == rule }
        guard !rules.isEmpty else {
            throw AlertsFailure(rule.map { "no file has a rule called \($0)" } ?? "the files have no rules")
        }
        return rules.map { ($0.name, $0.body(channelIDs: [])) }
    }
}

/// `weir alerts export`: a file of what the server has.
struct AlertsExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print channels and rules as YAML that `weir alerts apply` takes.",
        discussion: """
            Secrets are not in it: each is a placeholder ${NAME}, a variable that `apply` wants to have. \
            To keep in files what was not made from files, apply it once with --adopt.
            """
    )

    @Option(help: ArgumentHelp("Only what this made: api, file, default.", valueName: "origin"))
    var origin: String?

    @OptionGroup var server: AlertsServerOptions

    func run() async throws {
        try server.with { alerts in
            let channels = try alerts.channels()
            let lines = AlertsExport.lines(
                channels,
                try alerts.rules(),
                isMeant: { origin == nil ? $0 != "observability" : $0 == origin }
            )
            for line in lines { StandardStreams.write(line) }
        }
    }
}

/// Files of channels and rules.
struct AlertsFiles: ParsableArguments {
    @Argument(help: ArgumentHelp("YAML files; - is standard input.", valueName: "file"))
    var paths: [String]

    func read() throws(AlertsFailure) -> AlertsFile { try Self.read(paths) }

    static func read(_ paths: [String]) throws(AlertsFailure) -> AlertsFile {
        guard !paths.isEmpty else { throw AlertsFailure("name a file") }
        return try AlertsFileReader.read(paths, variables: ProcessEnvironment.variables)
    }
}
