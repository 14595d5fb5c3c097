package import Notifications

/// Reads `--set key=value` for a channel.
package enum SetOptions {
    /// The configuration of a channel: `headers.X-Team=radio` reaches into objects, a value that begins with `[` or `{`
    /// is JSON, `${NAME}` is a variable. What is wrong with it is left to the server.
    package static func config(
        _ pairs: [String],
        _ kind: ChannelKind,
        variables: [String: String]
    ) throws(AlertsFailure) -> JSONValue {
        var config = JSONValue.object([])
        for pair in pairs {
            guard let sign = pair.firstIndex(of: "="), sign > pair.startIndex else {
                throw AlertsFailure("--set takes key=value, not '\(pair)'")
            }
            let path = pair[..<sign].split(separator: ".", maxSplits: 1).map(String.init)
            guard let key = path.first, kind.keys.contains(key) else {
                throw AlertsFailure(
                    "\(pair[..<sign]) is not known for \(kind.rawValue): there are \(kind.keys.joined(separator: ", "))"
                )
            }
            let value = try value(String(pair[pair.index(after: sign)...]), key, kind, variables)
            if path.count == 2 {
                var object = config[key] ?? .object([])
                object[path[1]] = value
                config[key] = object
            } else {
                config[key] = value
            }
        }
        return config
    }

    private static func value(
        _ text: String,
        _ key: String,
        _ kind: ChannelKind,
        _ variables: [String: String]
    ) throws(AlertsFailure) -> JSONValue {
        let filled: String
        do throws(Placeholders.Fault) {
            filled = try Placeholders(variables: variables).filled(text)
        } catch {
            throw AlertsFailure("\(key): \(error.message)")
        }
        // JSON is YAML; a text is what is not.
        if text.hasPrefix("[") || text.hasPrefix("{") {
            do throws(FileProblem) {
                guard let node = try YAMLReader.read(Array(filled.utf8), named: key) else { return .null }
                return node.json(asText: kind.takesText(key))
            } catch {
                throw AlertsFailure("\(key): \(error.message)")
            }
        }
        return kind.takesText(key) ? .text(filled) : YAMLScalar.value(filled)
    }
}
