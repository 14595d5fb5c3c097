/// One setting: its environment variable, its values, its default, and its effect.
///
/// `Settings` of the server and features declare theirs as constants, and read values with `SettingValues`.
package struct Setting<Value: Sendable>: Sendable {
    /// The declaration without its type, for tables.
    package let row: AnySetting
    private let parser: SettingParser<Value>

    /// Declares a setting.
    ///
    /// `name` is the environment variable, `flag` the long option without its dashes, `aliases` are variables of the
    /// original servers with the same meaning. `defaultText` is the default as a user would write it; nil is "not
    /// set". The value of a secret is never shown.
    package init(
        _ name: String,
        _ parser: SettingParser<Value>,
        default defaultText: String?,
        flag: String? = nil,
        aliases: [String] = [],
        isSecret: Bool = false,
        _ help: String
    ) {
        self.parser = parser
        row = AnySetting(
            name: name,
            flag: flag,
            aliases: aliases,
            defaultText: defaultText,
            isSecret: isSecret,
            help: help,
            accepts: parser.accepts,
            parse: { text throws(SettingComplaint) in try parser.parse(text) }
        )
    }

    /// The value of the default; "not set" is the value of an empty text.
    package var defaultValue: Value {
        do throws(SettingComplaint) {
            return try parser.parse(row.defaultText ?? "")
        } catch {
            preconditionFailure("BUG: the default of \(row.name) is refused: \(error.why)")
        }
    }
}

/// A setting of any type, for tables, documentation and the reader of the environment.
package struct AnySetting: Sendable {
    /// The environment variable.
    package let name: String
    /// The long option without its dashes, if there is one.
    package let flag: String?
    /// Other environment variables that mean the same.
    package let aliases: [String]
    /// The default as a user would write it; nil is "not set".
    package let defaultText: String?
    /// Whether the value must never be shown.
    package let isSecret: Bool
    /// Its effect, as a sentence.
    package let help: String
    /// What values look like.
    package let accepts: String
    /// Reads a trimmed text.
    package let parse: @Sendable (_ text: String) throws(SettingComplaint) -> any Sendable
}

/// Why a text is not a value of a setting; it follows "…is not usable: ".
package struct SettingComplaint: Error {
    /// The text.
    package let why: String

    /// Makes a complaint.
    package init(why: String) {
        self.why = why
    }
}
