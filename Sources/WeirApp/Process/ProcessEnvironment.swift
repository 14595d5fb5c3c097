import Glibc

/// The environment of this process.
package enum ProcessEnvironment {
    /// Every variable; of a repeated name, the first.
    package static var variables: [String: String] {
        var variables: [String: String] = [:]
        // safe: nothing in Weir writes the environment, so it does not move while it is read.
        var entry = environ
        while let pointer = entry.pointee {
            let text = String(cString: pointer)
            if let equals = text.firstIndex(of: "=") {
                let name = String(text[..<equals])
                if variables[name] == nil { variables[name] = String(text[text.index(after: equals)...]) }
            }
            entry += 1
        }
        return variables
    }
}
