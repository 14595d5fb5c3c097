/// A setting of any type, as tables, documentation and the reader of the environment see it.
package struct AnySetting: Sendable {
    /// The environment variable.
    package let name: String
    /// The long option without its dashes, where there is one.
    package let flag: String?
    /// Other environment variables that mean the same.
    package let aliases: [String]
    /// The default as a user would write it; nil is "not set".
    package let defaultText: String?
    /// Whether the value must never be shown.
    package let isSecret: Bool
    /// One sentence: what it does.
    package let help: String
    /// What values look like.
    package let accepts: String
    /// Reads a trimmed text.
    package let parse: @Sendable (_ text: String) throws(SettingComplaint) -> any Sendable
}
