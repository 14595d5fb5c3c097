internal import Core
internal import Ingest

/// A ping of a check, as a line of the journal holds it.
struct Ping: Sendable, Hashable {
    /// What it says of the job.
    enum Kind: String, Sendable, CaseIterable {
        case success, start, fail, log
    }

    /// The check that is meant.
    enum Subject: Sendable, Hashable {
        case check(UUID128)
        /// The check of a key and a slug that nobody could look up: PostgreSQL was away.
        case slug(key: UUID128, String)
    }

    /// The kept bytes of a body.
    static let mostBodyBytes = 100_000
    /// The kept bytes of a user agent.
    static let mostAgentBytes = 200

    /// Minted by the endpoint.
    let id: UUID128
    let subject: Subject
    let at: Timestamp
    let kind: Kind
    /// The exit status in the path; nil when there was none.
    var exitStatus: Int?
    /// The id that the job gave to its run.
    var rid: UUID128?
    var method = ""
    var remote = ""
    var userAgent = ""
    /// Its first 100,000 bytes as text.
    var body = ""
    /// How many bytes there were.
    var bodyBytes = 0

    /// The event id of the run that the ping begins, or that it ends or makes when nothing says otherwise.
    func eventID(of check: UUID128) -> String {
        var digest = KeyDigest()
        digest.add("ping run")
        digest.add(check)
        digest.add(rid ?? id)
        return "ping-\(digest.finish())"
    }
}

// MARK: - The line

extension Ping {
    /// The body of the line.
    var line: [UInt8] {
        var writer = JSONWriter(reservingCapacity: body.utf8.count + 400)
        writer.object { line in
            line.member("ping", id)
            switch subject {
            case .check(let check): line.member("check", check)
            case .slug(let key, let slug):
                line.member("key", key)
                line.member("slug", slug)
            }
            line.member("at", at.iso8601())
            line.member("kind", kind.rawValue)
            if let exitStatus { line.member("exit_status", exitStatus) }
            if let rid { line.member("rid", rid) }
            line.member("method", method)
            line.member("remote", remote)
            line.member("user_agent", userAgent)
            line.member("body_bytes", bodyBytes)
            line.member("body", body)
        }
        return writer.bytes
    }

    /// Reads the body of a line.
    ///
    /// - Throws: `Refusal` when no endpoint would have written it.
    init(line body: ArraySlice<UInt8>) throws(Refusal) {
        guard let root = (try? JSONDocument(Array(body)))?.root, let ping = Self.read(root) else {
            throw Refusal(reason: "not a ping")
        }
        self = ping
    }

    private static func read(_ root: JSONNode) -> Ping? {
        func uuid(_ name: String) -> UUID128? { root[name]?.string.flatMap { UUID128($0) } }
        let subject: Subject
        if let check = uuid("check") {
            subject = .check(check)
        } else if let key = uuid("key"), let slug = root["slug"]?.string {
            subject = .slug(key: key, slug)
        } else {
            return nil
        }
        guard let id = uuid("ping"), let at = root["at"]?.string.flatMap({ Timestamp(iso8601: $0) }),
            let kind = root["kind"]?.string.flatMap({ Kind(rawValue: $0) })
        else { return nil }
        var ping = Ping(id: id, subject: subject, at: at, kind: kind)
        ping.exitStatus = root["exit_status"]?.int64.map { Int($0) }
        ping.rid = uuid("rid")
        ping.method = root["method"]?.string ?? ""
        ping.remote = root["remote"]?.string ?? ""
        ping.userAgent = root["user_agent"]?.string ?? ""
        ping.body = root["body"]?.string ?? ""
        ping.bodyBytes = root["body_bytes"]?.int64.map { Int($0) } ?? 0
        return ping
    }
}

// MARK: - Bodies

extension Ping {
    /// The text that is kept of some bytes: cut between two characters, what is not UTF-8 replaced, U+0000 shown.
    static func text(_ bytes: [UInt8], atMost limit: Int = mostBodyBytes) -> String {
        var kept = bytes.prefix(limit)
        if kept.count < bytes.count {
            // Up to three bytes may follow the first one of a character.
            var cut = kept.count
            while cut > 0, kept.count - cut < 4, bytes[cut] & 0xC0 == 0x80 { cut -= 1 }
            if bytes[cut] & 0xC0 != 0x80 { kept = bytes[..<cut] }
        }
        let text = String(decoding: kept, as: UTF8.self)
        guard text.utf8.contains(0) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{2400}" : $0 }))
    }

    /// The last lines of the body for the error of a run, at most 2,000 bytes; nil without a body.
    var lastLines: String? {
        let lines = body.split(whereSeparator: \.isNewline).suffix(20)
        var kept: [Substring] = []
        var count = 0
        for line in lines.reversed() {
            count += line.utf8.count + 1
            if count > 2000 { break }
            kept.insert(line, at: 0)
        }
        if kept.isEmpty, let line = lines.last {
            return Self.text(Array(line.utf8), atMost: 2000)
        }
        return kept.isEmpty ? nil : kept.joined(separator: "\n")
    }
}
