internal import Dispatch
internal import Glibc

/// Where a secret is: `{"env": NAME}`, `{"file": PATH}` or `{"inline_dev": VALUE}`. Contract beampipe §4.5.
enum SecretReference: Hashable, Sendable {
    case variable(String)
    case file(String)
    case inline(String)

    /// Why a secret cannot be had; it names the variable or file, never a value.
    struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        let description: String
        var hint: String?
    }

    /// The largest secret of a file, in bytes.
    static let sizeLimit = 64 << 10

    /// Reads a reference; nil when the object has none of the keys, or a key without a text.
    init?(_ value: JSONValue) {
        if let name = value["env"]?.string {
            self = .variable(name)
        } else if let path = value["file"]?.string {
            self = .file(path)
        } else if let text = value["inline_dev"]?.string {
            self = .inline(text)
        } else {
            return nil
        }
    }

    /// Whether an object claims to be a reference, well-formed or not.
    static func isOne(_ value: JSONValue) -> Bool {
        ["env", "file", "inline_dev"].contains { value[$0] != nil }
    }

    /// Why the policy forbids it; nil when it does not.
    func objection(_ policy: SecretPolicy) -> Failure? {
        switch self {
        case .variable(let name):
            guard !name.isEmpty, !name.contains("="), !name.contains("\0") else {
                return Failure(description: "the reference names no variable")
            }
            guard !name.hasPrefix(policy.variablePrefix) else { return nil }
            return Failure(
                description: "the variable \(name) may not be used for secrets",
                hint: "name a variable that begins with \(policy.variablePrefix)"
            )
        case .file(let path): return Self.objection(path, policy)
        case .inline:
            guard policy.isProduction else { return nil }
            return Failure(
                description: "inline_dev is not accepted in production",
                hint: "use {\"env\": …} or {\"file\": …}"
            )
        }
    }

    private static func objection(_ path: String, _ policy: SecretPolicy) -> Failure? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard path.hasPrefix("/"), !parts.contains(".."), !path.contains("\0") else {
            return Failure(description: "the path of a secret has to be absolute and without ..")
        }
        guard !policy.directories.contains(where: { isBelow(path, $0) }) else { return nil }
        let places = policy.directories.joined(separator: ", ")
        return Failure(
            description: "the file \(path) may not be used for secrets",
            hint: places.isEmpty ? "no directory for secrets is configured" : "put it into \(places)"
        )
    }

    private static func isBelow(_ path: String, _ directory: String) -> Bool {
        path.hasPrefix(directory.hasSuffix("/") ? directory : "\(directory)/")
    }

    /// The secret; blocks while it reads a file.
    func read(_ policy: SecretPolicy) throws(Failure) -> String {
        if let objection = objection(policy) { throw objection }
        switch self {
        case .variable(let name):
            let value = getenv(name).map { String(cString: $0) } ?? ""
            guard !value.allSatisfy(\.isWhitespace) else {
                throw Failure(description: "the variable \(name) is not set")
            }
            return value
        case .file(let path): return try Self.read(path, policy)
        case .inline(let value): return value
        }
    }

    private static func read(_ path: String, _ policy: SecretPolicy) throws(Failure) -> String {
        // A symbolic link may lead out of the directory.
        guard let resolved = realpath(path, nil) else {
            throw Failure(description: "the file \(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { free(resolved) }
        let real = String(cString: resolved)
        let places = policy.directories.compactMap { directory -> String? in
            guard let place = realpath(directory, nil) else { return nil }
            defer { free(place) }
            return String(cString: place)
        }
        guard places.contains(where: { isBelow(real, $0) }) else {
            throw Failure(description: "the file \(path) leads out of the directories for secrets")
        }
        let descriptor = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw Failure(description: "the file \(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: sizeLimit)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        var text = bytes[..<max(0, count)]
        while let last = text.last, last == 10 || last == 13 { text.removeLast() }
        guard let secret = String(validating: text, as: UTF8.self), !secret.isEmpty else {
            throw Failure(description: "the file \(path) holds no secret")
        }
        return secret
    }
}

extension SecretReference {
    private static let queue = DispatchQueue(label: "weir.notifications.secrets", attributes: .concurrent)

    /// Does work that may block on files, on a queue of its own.
    static func reading<Value: Sendable>(
        _ work: @escaping @Sendable () -> Value
    ) async -> Value {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work()) }
        }
    }
}
