/// Where PostgreSQL is and how to log in: libpq's keywords with their values.
///
/// The password never appears in `description`, in a dump or in an error.
package struct ConnectionTarget: Hashable, Sendable {
    /// libpq keyword to value, in no particular order.
    var parameters: [String: String]

    /// Names a server by libpq's keywords, without checking them.
    init(parameters: [String: String]) {
        self.parameters = parameters
    }

    /// Names a database behind the Unix socket in `socketDirectory`.
    package init(socketDirectory: String, user: String, database: String, port: Int = 5432) {
        parameters = [
            "host": socketDirectory, "port": String(port), "user": user, "dbname": database,
        ]
    }

    /// The database's name, when one was given.
    package var database: String? { parameters["dbname"] }

    /// The same server and login with another database.
    package func with(database: String) -> ConnectionTarget {
        var copy = self
        copy.parameters["dbname"] = database
        return copy
    }

    /// The same target with libpq's `keyword` set, for instance `password` or `sslmode`.
    package func with(_ keyword: String, _ value: String) -> ConnectionTarget {
        var copy = self
        copy.parameters[keyword] = value
        return copy
    }

    /// The value of libpq's `keyword`, nil when it was not given.
    package func parameter(_ keyword: String) -> String? { parameters[keyword] }

    /// The target as a `postgresql://` URL with every secret replaced by `***`.
    package var masked: String { url(password: parameters["password"].map { _ in "***" }, rest: false) }

    /// The target as a `postgresql://` URL **with its password**, for handing to a child process.
    package var unmaskedURL: String {
        url(password: parameters["password"].map(Self.percentEncoded), rest: true)
    }

    /// The target as it may stand on a command line, where other users can read it.
    package var withoutSecrets: ConnectionTarget {
        ConnectionTarget(parameters: parameters.filter { !["password", "sslpassword"].contains($0.key) })
    }

    private func url(password: String?, rest: Bool) -> String {
        var text = "postgresql://"
        if let user = parameters["user"] {
            text += Self.percentEncoded(user) + (password.map { ":" + $0 } ?? "") + "@"
        }
        let host = parameters["host"] ?? ""
        let isSocket = host.hasPrefix("/") || host.hasPrefix("@")
        if !isSocket {
            text += authority(host: host)
        }
        text += "/" + Self.percentEncoded(parameters["dbname"] ?? "")
        var query = isSocket ? socketQuery(host: host) : []
        if rest {
            query += otherParameters(hidePassword: parameters["user"] != nil)
        }
        return query.isEmpty ? text : text + "?" + query.joined(separator: "&")
    }

    private func authority(host: String) -> String {
        let hosts = host.split(separator: ",", omittingEmptySubsequences: false)
        let ports = (parameters["port"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
        return hosts.enumerated().map { index, host in
            let name = host.contains(":") ? "[\(host)]" : String(host)
            let port = ports.count == 1 ? ports[0] : (index < ports.count ? ports[index] : "")
            return port.isEmpty ? name : "\(name):\(port)"
        }.joined(separator: ",")
    }

    private func socketQuery(host: String) -> [String] {
        let port = parameters["port"].map { ["port=\(Self.percentEncoded($0))"] } ?? []
        return ["host=\(Self.percentEncoded(host))"] + port
    }

    private func otherParameters(hidePassword: Bool) -> [String] {
        var shown: Set<String> = ["host", "port", "user", "dbname"]
        if hidePassword { shown.insert("password") }
        return parameters.filter { !shown.contains($0.key) }.sorted { $0.key < $1.key }
            .map { "\($0.key)=\(Self.percentEncoded($0.value))" }
    }

    private static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.reduce(into: "") { encoded, byte in
            let scalar = Unicode.Scalar(byte)
            let isPlain = byte < 0x80 && (scalar.properties.isAlphabetic || (0x30...0x39).contains(byte))
            if isPlain || "-._~/".unicodeScalars.contains(scalar) {
                encoded.unicodeScalars.append(scalar)
            } else {
                encoded += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
    }
}

extension ConnectionTarget: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { masked }
    package var debugDescription: String { masked }
    package var customMirror: Mirror { Mirror(self, children: ["url": masked]) }
}
