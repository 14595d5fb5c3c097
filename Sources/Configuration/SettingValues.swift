/// The values of settings: given ones, and the defaults of the others.
package struct SettingValues: Sendable {
    private var given: [String: any Sendable] = [:]

    /// All settings have their defaults.
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
