import ArgumentParser
import WeirApp

/// Advice for a command line without a valid command: the nearest command, and the list of all.
enum CommandAdvice {
    /// The lines for standard error; nil if a valid command is named, or help is requested.
    static func lines(for arguments: [String]) -> [String]? {
        lines(for: arguments[...], in: Weir.self, path: "weir")
    }

    private static func lines(
        for arguments: ArraySlice<String>,
        in group: any ParsableCommand.Type,
        path: String
    ) -> [String]? {
        let commands = group.configuration.subcommands
        guard !commands.isEmpty else { return nil }
        let hasDefault = group.configuration.defaultSubcommand != nil
        guard let word = arguments.first else {
            return hasDefault ? nil : ["\(path): name a command."] + list(commands, path)
        }
        guard !word.hasPrefix("-") else {
            guard !hasDefault, !asksForHelp(word) else { return nil }
            return ["\(path): there is no option '\(word)' before a command."] + list(commands, path)
        }
        if word == "help" { return nil }
        if let command = commands.first(where: { $0._commandName == word }) {
            return lines(for: arguments.dropFirst(), in: command, path: "\(path) \(word)")
        }
        let shown = commands.filter { $0.configuration.shouldDisplay }
        let nearest = nearest(to: word, among: shown.map { $0._commandName })
        let question = nearest.map { " Did you mean '\(path) \($0)'?" } ?? ""
        return ["\(path): there is no command '\(word)'.\(question)"] + list(commands, path)
    }

    private static func asksForHelp(_ word: String) -> Bool {
        ["-h", "-help", "--help", "--help-hidden", "--version", "--experimental-dump-help"].contains(word)
            || word.hasPrefix("--generate-completion-script")
    }

    /// The nearest command by spelling; nil when none is near.
    private static func nearest(to word: String, among names: [String]) -> String? {
        if let longer = names.first(where: { $0.hasPrefix(word) }) { return longer }
        let ranked = names.map { (name: $0, distance: $0.editDistance(to: word)) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= max(2, word.count / 3) ? best.name : nil
    }

    private static func list(_ commands: [any ParsableCommand.Type], _ path: String) -> [String] {
        let commands = commands.filter { $0.configuration.shouldDisplay }
        let width = commands.map { $0._commandName.count }.max() ?? 0
        let entries = commands.flatMap { command in
            let name = command._commandName
            let first = "  " + name + String(repeating: " ", count: width - name.count) + "  "
            return TextLayout.wrapped(command.configuration.abstract, first: first)
        }
        return ["", "Commands:"] + entries + [
            "", "'\(path) --help' says more, and so does any command with --help.",
        ]
    }
}
