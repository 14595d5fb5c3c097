import CLibpq

extension ConnectionTarget {
    /// Reads a `postgresql://` URL or libpq's `key=value` form.
    ///
    /// `postgres://` and a `+driver` suffix (`postgresql+psycopg2://`) are accepted too. Beyond libpq, the
    /// last `@` of the authority ends the password, as SQLAlchemy reads it.
    /// - Throws: `ConnectionTargetError`, which never quotes the text.
    package init(parsing text: String) throws(ConnectionTargetError) {
        let trimmed = text.trimmingBlanks()
        guard !trimmed.isEmpty else { throw .empty }
        guard let schemeEnd = trimmed.firstRange(of: "://"), !trimmed[..<schemeEnd.lowerBound].contains("=")
        else {
            parameters = try Self.parseKeyValues(trimmed)
            return
        }
        let scheme = trimmed[..<schemeEnd.lowerBound].prefix { $0 != "+" }.lowercased()
        guard scheme == "postgresql" || scheme == "postgres" else { throw .unsupportedScheme }
        parameters = try Self.parseURL(trimmed[schemeEnd.upperBound...])
    }

    // MARK: - URL (PostgreSQL documentation, 34.1.1.2)

    private static func parseURL(_ rest: Substring) throws(ConnectionTargetError) -> [String: String] {
        let beforeQuery = rest.prefix { $0 != "?" }
        let authority = beforeQuery.prefix { $0 != "/" }
        var parameters: [String: String] = [:]
        var hosts = authority
        if let at = authority.lastIndex(of: "@") {
            try parseLogin(authority[..<at], into: &parameters)
            hosts = authority[authority.index(after: at)...]
        }
        try parseHosts(hosts, into: &parameters)
        let database = beforeQuery.dropFirst(authority.count + 1)
        if !database.isEmpty {
            parameters["dbname"] = try percentDecoded(database)
        }
        try parseQuery(rest.dropFirst(beforeQuery.count + 1), into: &parameters)
        return parameters
    }

    private static func parseLogin(
        _ login: Substring,
        into parameters: inout [String: String]
    ) throws(ConnectionTargetError) {
        let user = login.prefix { $0 != ":" }
        if !user.isEmpty {
            parameters["user"] = try percentDecoded(user)
        }
        if user.count < login.count {
            parameters["password"] = try percentDecoded(login.dropFirst(user.count + 1))
        }
    }

    private static func parseHosts(
        _ text: Substring,
        into parameters: inout [String: String]
    ) throws(ConnectionTargetError) {
        guard !text.isEmpty else { return }
        var hosts: [String] = []
        var ports: [String] = []
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            let (host, port) = try splitPort(item)
            hosts.append(try percentDecoded(host))
            ports.append(try validPort(port))
        }
        parameters["host"] = hosts.joined(separator: ",")
        if ports.contains(where: { !$0.isEmpty }) {
            parameters["port"] = ports.joined(separator: ",")
        }
    }

    private static func splitPort(
        _ item: Substring
    ) throws(ConnectionTargetError) -> (host: Substring, port: Substring) {
        if item.first == "[" {
            guard let end = item.firstIndex(of: "]") else { throw .malformedAddress }
            let host = item[item.index(after: item.startIndex)..<end]
            let rest = item[item.index(after: end)...]
            guard rest.isEmpty || rest.first == ":" else { throw .malformedAddress }
            return (host, rest.dropFirst())
        }
        let host = item.prefix { $0 != ":" }
        return (host, item.dropFirst(host.count + 1))
    }

    private static func parseQuery(
        _ query: Substring,
        into parameters: inout [String: String]
    ) throws(ConnectionTargetError) {
        var position = 0
        for pair in query.split(separator: "&") {
            position += 1
            let key = pair.prefix { $0 != "=" }
            guard key.count < pair.count else { throw .missingEquals(position: position) }
            let value = try percentDecoded(pair.dropFirst(key.count + 1))
            try set(percentDecoded(key), value, position: position, in: &parameters)
        }
    }

    private static func percentDecoded(_ text: Substring) throws(ConnectionTargetError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst()?.hexValue, let low = rest.popFirst()?.hexValue,
                high | low != 0
            else { throw .malformedPercentEncoding }
            bytes.append(high << 4 | low)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else { throw .malformedPercentEncoding }
        return decoded
    }

    // MARK: - key=value (PostgreSQL documentation, 34.1.1.1)

    private static func parseKeyValues(_ text: String) throws(ConnectionTargetError) -> [String: String] {
        var parameters: [String: String] = [:]
        var rest = Substring(text)
        var position = 0
        while true {
            rest = rest.drop { $0.isBlank }
            if rest.isEmpty { return parameters }
            position += 1
            let key = rest.prefix { $0 != "=" && !$0.isBlank }
            rest = rest.dropFirst(key.count).drop { $0.isBlank }
            guard rest.popFirst() == "=" else { throw .missingEquals(position: position) }
            rest = rest.drop { $0.isBlank }
            let value = try takeValue(&rest)
            try set(String(key), value, position: position, in: &parameters)
        }
    }

    private static func takeValue(_ rest: inout Substring) throws(ConnectionTargetError) -> String {
        let isQuoted = rest.first == "'"
        if isQuoted { rest.removeFirst() }
        var value = ""
        while let character = rest.first, isQuoted || !character.isBlank {
            rest.removeFirst()
            if isQuoted, character == "'" { return value }
            if character == "\\", let escaped = rest.popFirst() {
                value.append(escaped)
            } else {
                value.append(character)
            }
        }
        guard !isQuoted else { throw .unterminatedQuote }
        return value
    }

    // MARK: - Both

    private static func set(
        _ key: String,
        _ value: String,
        position: Int,
        in parameters: inout [String: String]
    ) throws(ConnectionTargetError) {
        guard knownKeywords.contains(key) else { throw .unknownParameter(position: position) }
        if key == "port" {
            for port in value.split(separator: ",") { _ = try validPort(port) }
        }
        parameters[key] = value
    }

    private static func validPort(_ text: Substring) throws(ConnectionTargetError) -> String {
        guard !text.isEmpty else { return "" }
        guard let port = Int(text), (1...65535).contains(port) else { throw .invalidPort }
        return String(port)
    }

    /// The parameters that the linked libpq knows.
    private static let knownKeywords: Set<String> = {
        guard let options = PQconndefaults() else { return [] }
        defer { PQconninfoFree(options) }
        var keywords: Set<String> = []
        var option = options
        while let keyword = option.pointee.keyword {
            keywords.insert(String(cString: keyword))
            option += 1
        }
        return keywords
    }()
}

extension Character {
    fileprivate var isBlank: Bool { self == " " || self == "\t" || self == "\n" || self == "\r" }
}

extension UInt8 {
    /// The value of a hexadecimal digit in ASCII.
    var hexValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension String {
    fileprivate func trimmingBlanks() -> String {
        let head = drop { $0.isBlank }
        guard let last = head.lastIndex(where: { !$0.isBlank }) else { return "" }
        return String(head[...last])
    }
}
