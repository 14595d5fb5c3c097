import Configuration
import Core

/// The output of `weir config`.
package struct SettingsReport: Sendable {
    private let resolved: ResolvedSettings

    /// Makes a report.
    package init(_ resolved: ResolvedSettings) {
        self.resolved = resolved
    }

    /// One line per setting: name, value, source; with `explained`, also its help and its values.
    package func lines(explained: Bool) -> [String] {
        let width = resolved.entries.map(\.setting.name.count).max() ?? 0
        let values = resolved.entries.map { $0.shownText.isEmpty ? "-" : $0.shownText }
        let valueWidth = min(values.map(\.count).max() ?? 0, 24)
        return zip(resolved.entries, values).flatMap { entry, value in
            let name = entry.setting.name
            // The line already contains the name.
            let origin = entry.origin == name ? "environment" : entry.origin
            let line = "\(name.padded(to: width))  \(value.padded(to: valueWidth))  (\(origin))"
            let head = line.count <= TextLayout.width ? [line] : [name, "    \(value)  (\(origin))"]
            guard explained else { return head }
            let setting = entry.setting
            let aliases =
                setting.aliases.isEmpty ? "" : " Also read as \(setting.aliases.joined(separator: ", "))."
            let flag = setting.flag.map { " Option --\($0)." } ?? ""
            return head + TextLayout.wrapped(setting.help, first: "    ")
                + TextLayout.wrapped("Takes \(setting.accepts).\(flag)\(aliases)", first: "    ") + [""]
        }
    }

    /// A JSON array with an object for each setting.
    package var json: String {
        var writer = JSONWriter()
        writer.array { list in
            for entry in resolved.entries {
                list.object { object in
                    object.member("name", entry.setting.name)
                    object.member("value", entry.text == nil ? nil : entry.shownText)
                    object.member("source", entry.origin)
                    object.member("default", entry.setting.defaultText)
                    object.member("secret", entry.setting.isSecret)
                    object.member("option", entry.setting.flag.map { "--\($0)" })
                    object.array("aliases") { aliases in
                        for alias in entry.setting.aliases { aliases.value(alias) }
                    }
                    object.member("accepts", entry.setting.accepts)
                    object.member("help", entry.setting.help)
                }
            }
        }
        return writer.text
    }
}

extension ResolvedSettings.Entry {
    /// The source of the value, in a word.
    var origin: String {
        source == .default && text == nil ? "not set" : source.carrier
    }
}

extension String {
    /// Pads with blanks up to a width.
    package func padded(to width: Int) -> String {
        count < width ? self + String(repeating: " ", count: width - count) : self
    }
}
