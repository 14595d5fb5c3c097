package import Configuration

/// Everything that can be configured, typed and checked.
///
/// A setting of the server is a member (`settings.poolSize`), one of a feature is a subscript
/// (`settings[RunsSettings.keep]`).
@dynamicMemberLookup
package struct Settings: Sendable {
    /// The values for features.
    package private(set) var values = SettingValues()

    /// All values are defaults.
    package init() {}

    /// The value of a setting of the server.
    package subscript<Value>(
        dynamicMember setting: KeyPath<ServerSettings, Setting<Value>>
    ) -> Value {
        get { values[ServerSettings()[keyPath: setting]] }
        set { values[ServerSettings()[keyPath: setting]] = newValue }
    }

    /// The value of any setting.
    package subscript<Value>(_ setting: Setting<Value>) -> Value {
        get { values[setting] }
        set { values[setting] = newValue }
    }

    /// Reads the text of a setting and keeps its value.
    mutating func set(_ setting: AnySetting, to text: String) throws(SettingComplaint) {
        try values.set(setting, to: text)
    }
}

/// The format of log lines.
package enum LogFormat: String, CaseIterable, Sendable {
    /// Text on a terminal, JSON elsewhere.
    case auto
    /// Readable text.
    case text
    /// One JSON object per line.
    case json
}
