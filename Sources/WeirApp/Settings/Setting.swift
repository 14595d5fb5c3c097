/// One row of the table of settings: how it is called, what it takes, what it is good for.
package struct Setting: Sendable {
    /// The environment variable.
    package let name: String
    /// The long option without its dashes, where there is one.
    package let flag: String?
    /// Other environment variables that mean the same, as the original servers call it.
    package let aliases: [String]
    /// The default as a user would write it; nil is "not set".
    package let defaultText: String?
    /// Whether the value must never be shown.
    package let isSecret: Bool
    /// One sentence: what it does.
    package let help: String
    /// What values look like.
    package let accepts: String
    /// Reads a value into its place.
    let apply: @Sendable (_ text: String, inout Settings) throws(SettingComplaint) -> Void

    init<Value: Sendable>(
        _ name: String,
        _ path: any WritableKeyPath<Settings, Value> & Sendable,
        _ parser: SettingParser<Value>,
        default defaultText: String?,
        flag: String? = nil,
        aliases: [String] = [],
        isSecret: Bool = false,
        _ help: String
    ) {
        self.name = name
        self.flag = flag
        self.aliases = aliases
        self.defaultText = defaultText
        self.isSecret = isSecret
        self.help = help
        accepts = parser.accepts
        apply = { text, settings throws(SettingComplaint) in
            settings[keyPath: path] = try parser.parse(text)
        }
    }
}

/// Why a text is no value of a setting, in words that follow "…is not usable: ".
struct SettingComplaint: Error {
    let why: String
}

/// A value that a setting does not take; its description is the one line an operator reads.
package struct SettingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The variable or option that carried the value, as the user wrote it.
    package let carrier: String
    /// The value, nil when it is a secret.
    package let value: String?
    /// What is wrong with it.
    package let why: String
    /// What the setting takes.
    package let accepts: String

    package var description: String {
        let quoted = value.map { "\(carrier)='\($0)'" } ?? "the value of \(carrier)"
        return "\(quoted) is not usable: \(why). It takes \(accepts)."
    }
}
