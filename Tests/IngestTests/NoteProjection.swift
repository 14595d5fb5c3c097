import Core
import Journal
import Postgres
import Synchronization

@testable import Ingest

/// The smallest projection: a line is a list of numbers, kept twice, once as it came and once where odd ones are refused.
struct NoteProjection: Projection {
    static let kind = "note/1"

    struct Note: Sendable {
        var seq: Int64
        var value: Int64
    }

    let stream = "notes"
    let kinds = [NoteProjection.kind]
    let stageCount = 2

    func decode(_ line: JournalLine, journal: UUID128) throws(Refusal) -> [Note] {
        let body = String(decoding: line.body, as: UTF8.self)
        guard body.hasPrefix("["), body.hasSuffix("]") else { throw Refusal(reason: "not a list") }
        return body.dropFirst().dropLast().split(separator: ",").compactMap { Int64($0) }
            .map { Note(seq: line.seq, value: $0) }
    }

    func prepare(_ connection: Connection) throws {}
    func prepare(_ elements: [Note], on connection: Connection) throws {}

    func apply(stage: Int, to elements: inout [Note], on connection: Connection) throws {
        let table = stage == 0 ? "raw_note" : "even_note"
        try connection.execute(
            Statement(sql: "INSERT INTO \(table) SELECT * FROM unnest($1::bigint[], $2::bigint[])"),
            [.int64Array(elements.map(\.seq)), .int64Array(elements.map(\.value))]
        )
    }

    func committed(_ elements: [Note]) {}

    static let schema = """
        CREATE TABLE raw_note (seq bigint NOT NULL, value bigint NOT NULL);
        CREATE TABLE even_note (seq bigint NOT NULL, value bigint NOT NULL CHECK (value % 2 = 0));
        """
}
