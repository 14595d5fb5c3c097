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
