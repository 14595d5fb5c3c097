/// The values of settings: what was given, and else the defaults.
package struct SettingValues: Sendable {
    private var given: [String: any Sendable] = [:]

    /// Every setting has its default.
    package init() {}

    /// The value of a setting.
    package subscript<Value>(_ setting: Setting<Value>) -> Value {
        get { given[setting.row.name] as? Value ?? setting.defaultValue }
        set { given[setting.row.name] = newValue }
    }

    /// Reads the text of a setting and keeps its value.
    package mutating func set(_ setting: AnySetting, to text: String) throws(SettingComplaint) {
        given[setting.name] = try setting.parse(text)
    }
}
