package import Core

/// The contents of `backup_metadata.json` of a copy. Contract §4.3; `docker_container` has no meaning here.
package struct BackupMetadata: Hashable, Sendable {
    /// The loaded position of a stream of a journal.
    package struct Position: Hashable, Sendable {
        package var journal: String
        package var stream: String
        package var seq: Int64

        /// Makes a position.
        package init(journal: String, stream: String, seq: Int64) {
            self.journal = journal
            self.stream = stream
            self.seq = seq
        }
    }

    /// The name of the file in a copy's directory.
    package static let fileName = "backup_metadata.json"
    /// How the copy was made.
    package static let method = "pg_dump --format=custom"

    /// When the snapshot was taken.
    package var createdAt: Timestamp
    package var sizeBytes: Int64
    /// The SHA-256 of the dump, in hexadecimal digits.
    package var sha256: String
    /// How it was verified: `archive`, or `full` when it was restored to a temporary database.
    package var verified: String
    package var retentionDays: Double
    package var weirVersion: String
    package var schemaVersion: Int
    package var serverVersion: String
    package var database: String
    package var positions: [Position]
    /// Rows of every table at the snapshot.
    package var rows: [String: Int64]

    /// Describes a copy.
    package init(
        createdAt: Timestamp,
        sizeBytes: Int64,
        sha256: String,
        verified: String,
        retentionDays: Double,
        weirVersion: String,
        schemaVersion: Int,
        serverVersion: String,
        database: String,
        positions: [Position],
        rows: [String: Int64]
    ) {
        self.createdAt = createdAt
        self.sizeBytes = sizeBytes
        self.sha256 = sha256
        self.verified = verified
        self.retentionDays = retentionDays
        self.weirVersion = weirVersion
        self.schemaVersion = schemaVersion
        self.serverVersion = serverVersion
        self.database = database
        self.positions = positions
        self.rows = rows
    }

    /// The document, one member a line.
    package var json: String {
        var writer = JSONWriter()
        writer.object { object in
            object.member("timestamp", BackupName.text(of: createdAt))
            object.member("created_at", createdAt.iso8601(offset: .plusZero))
            object.member("size_bytes", sizeBytes)
            object.member("size_mb", (Double(sizeBytes) / 10_485.76).rounded() / 100)
            object.member("verified", true)
            object.member("verification", verified)
            object.member("retention_days", retentionDays)
            object.member("backup_method", Self.method)
            object.member("weir_version", weirVersion)
            object.member("schema_version", schemaVersion)
            object.member("server_version", serverVersion)
            object.member("database", database)
            object.member("sha256", sha256)
            object.array("journal_positions") { list in
                for position in positions {
                    list.object { member in
                        member.member("journal", position.journal)
                        member.member("stream", position.stream)
                        member.member("seq", position.seq)
                    }
                }
            }
            object.key("rows")
            object.object { counts in
                for (table, count) in rows.sorted(by: { $0.key < $1.key }) { counts.member(table, count) }
            }
        }
        return writer.text
    }
}

extension BackupMetadata {
    /// Reads a document; nil when a member that a restore needs is missing.
    package init?(json: [UInt8]) {
        guard let root = (try? JSONDocument(json))?.root,
            let created = root["created_at"]?.string.flatMap({ Timestamp(iso8601: $0) }),
            let size = root["size_bytes"]?.int64, let sha256 = root["sha256"]?.string, !sha256.isEmpty,
            root["verified"]?.bool == true, let rows = root["rows"], rows.kind == .object
        else { return nil }
        createdAt = created
        sizeBytes = size
        self.sha256 = sha256
        verified = root["verification"]?.string ?? ""
        retentionDays = root["retention_days"]?.double ?? 0
        weirVersion = root["weir_version"]?.string ?? ""
        schemaVersion = Int(root["schema_version"]?.int64 ?? 0)
        serverVersion = root["server_version"]?.string ?? ""
        database = root["database"]?.string ?? ""
        positions =
            (root["journal_positions"]?.elements).map { elements in
                elements.compactMap { element in
                    guard let journal = element["journal"]?.string, let stream = element["stream"]?.string,
                        let seq = element["seq"]?.int64
                    else { return nil }
                    return Position(journal: journal, stream: stream, seq: seq)
                }
            } ?? []
        var counts: [String: Int64] = [:]
        for member in rows.members {
            guard let table = member.key.string, let count = member.value.int64 else { return nil }
            counts[table] = count
        }
        self.rows = counts
    }
}

/// The names of the directories of copies.
package enum BackupName {
    /// The prefix of the safety copy that a restore makes.
    package static let safetyPrefix = "pre_restore_"

    /// `20261125_150000`, in UTC.
    package static func text(of time: Timestamp) -> String {
        let text = time.description
        return text.prefix(10).filter { $0 != "-" } + "_"
            + text.dropFirst(11).prefix(8).filter { $0 != ":" }
    }

    /// The time in a directory's name; nil for other names.
    package static func time(of name: some StringProtocol) -> Timestamp? {
        let digits = name.hasPrefix(safetyPrefix) ? name.dropFirst(safetyPrefix.count) : name[...]
        let text = Array(digits.utf8)
        guard text.count == 15, text[8] == UInt8(ascii: "_"),
            text.indices.allSatisfy({ $0 == 8 || (48...57).contains(text[$0]) })
        else { return nil }
        func part(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }
        let day = "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))"
        return Timestamp(iso8601: "\(day)T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))Z")
    }
}
