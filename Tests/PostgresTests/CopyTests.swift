import Core
import Postgres
import TestKit
import Testing

@Suite struct `COPY` {
    private let database: TemporaryDatabase

    init() throws {
        database = try TemporaryDatabase.make()
    }

    private func with(_ body: (Connection) throws -> Void) throws {
        try Connection.withTemporary(database.target) { try body($0) }
    }

    private func makeNumbers(_ numbers: [Int64]) -> BinaryCopyBuffer {
        var buffer = BinaryCopyBuffer(columnCount: 1)
        for number in numbers {
            buffer.beginRow()
            buffer.append(int8: number)
        }
        return buffer
    }

    private let copyNumbers = Statement("n.copy", "COPY n (i) FROM STDIN (FORMAT binary)")

    @Test func `round-trips every type in binary format`() throws {
        let instant = Timestamp(microseconds: 1_795_205_142_570_541)
        let identifier = UUID128.random()
        var buffer = BinaryCopyBuffer(columnCount: 11)
        buffer.beginRow()
        buffer.append(bool: true)
        buffer.append(int2: .min)
        buffer.append(int4: .max)
        buffer.append(int8: .min)
        buffer.append(float8: -0.1)
        buffer.append(text: "Grüße 🙂")
        buffer.append(jsonb: Array(#"{"a":[1,"\u00e4"]}"#.utf8))
        buffer.append(json: Array(#"{"a" :1}"#.utf8))
        buffer.append(bytea: [0, 255] as [UInt8])
        buffer.append(timestamp: instant)
        buffer.append(uuid: identifier)
        buffer.beginRow()
        for _ in 0..<11 { buffer.appendNull() }
        try with { connection in
            try connection.executeScript(
                """
                CREATE TABLE c (b bool, s int2, i int4, l int8, d float8, t text, jb jsonb, j json, y bytea,
                    at timestamptz, u uuid)
                """
            )
            let count = try connection.copyIn("COPY c FROM STDIN (FORMAT binary)", buffer)
            #expect(count == 2)
            let row = try connection.execute("SELECT * FROM c WHERE b")[0]
            #expect(try row.int64("s") == Int64(Int16.min))
            #expect(try row.int64("i") == Int64(Int32.max))
            #expect(try row.int64("l") == .min)
            #expect(try row.double("d") == -0.1)
            #expect(try row.text("t") == "Grüße 🙂")
            #expect(try row.text("jb") == #"{"a": [1, "ä"]}"#)
            #expect(try row.text("j") == #"{"a" :1}"#)
            #expect(try row.bytes("y") == [0, 255])
            #expect(try row.timestamp("at") == instant)
            #expect(try row.uuid("u") == identifier)
            let columns = try connection.execute("SELECT * FROM c WHERE b IS NULL")[0]
            for column in 0..<11 { #expect(try columns.isNull(.position(column))) }
        }
    }

    @Test func `leaves the connection usable after a refused row, and a batch can be halved`() throws {
        let buffer = makeNumbers([1, 2, 3, 3, 5])
        try with { connection in
            try connection.executeScript("CREATE TABLE n (i int8 UNIQUE)")
            let error = #expect(throws: PostgresError.self) { try connection.copyIn(copyNumbers, buffer) }
            #expect(error?.kind == .refusedData)
            #expect(error?.sqlState == "23505")
            #expect(!connection.isBroken)
            #expect(try connection.copyIn(copyNumbers, buffer, rows: 0..<3) == 3)
            #expect(throws: PostgresError.self) { try connection.copyIn(copyNumbers, buffer, rows: 3..<4) }
            #expect(try connection.copyIn(copyNumbers, buffer, rows: 4..<5) == 1)
            #expect(try connection.copyIn(copyNumbers, buffer, rows: 2..<2) == 0)
            #expect(
                try connection.execute("SELECT array_agg(i ORDER BY i) FROM n")[0].int64Array(0) == [
                    1, 2, 3, 5,
                ]
            )
        }
    }

    @Test func `survives a refusal before and in the middle of a large stream`() throws {
        // Text with U+0000 in the first row: the server refuses while most is still unsent.
        var buffer = BinaryCopyBuffer(columnCount: 1)
        for row in 0..<20_000 {
            buffer.beginRow()
            buffer.append(text: row == 0 ? "\0" : String(repeating: "x", count: 400))
        }
        try with { connection in
            try connection.executeScript("CREATE TABLE t (t text)")
            let error = #expect(throws: PostgresError.self) {
                try connection.copyIn("COPY t FROM STDIN (FORMAT binary)", buffer)
            }
            #expect(error?.sqlState == "22021")
            let missing = #expect(throws: PostgresError.self) {
                try connection.copyIn("COPY absent FROM STDIN (FORMAT binary)", buffer)
            }
            #expect(missing?.kind == .programming)
            #expect(try connection.execute("SELECT count(*) FROM t")[0].int(0) == 0)
        }
    }

    @Test func `works inside a transaction with a savepoint`() throws {
        try with { connection in
            try connection.executeScript("CREATE TABLE n (i int8 UNIQUE)")
            try connection.transaction {
                try connection.copyIn(copyNumbers, makeNumbers([1]))
                #expect(throws: PostgresError.self) {
                    try connection.savepoint("batch") {
                        _ = try connection.copyIn(copyNumbers, makeNumbers([2, 1]))
                    }
                }
                try connection.copyIn(copyNumbers, makeNumbers([3]))
            }
            #expect(
                try connection.execute("SELECT array_agg(i ORDER BY i) FROM n")[0].int64Array(0) == [1, 3]
            )
        }
    }

    @Test func `forgets a row that could not be finished`() throws {
        var buffer = BinaryCopyBuffer(columnCount: 2)
        buffer.beginRow()
        buffer.append(int8: 1)
        buffer.append(text: "one")
        let size = buffer.byteCount
        buffer.beginRow()
        buffer.append(int8: 2)
        buffer.removeLastRow()
        #expect(buffer.rowCount == 1)
        #expect(buffer.byteCount == size)
    }

    @Test func `takes text from a producer, and stores nothing when that fails`() throws {
        struct Stop: Error {}
        try with { connection in
            try connection.executeScript("CREATE TABLE n (i int8)")
            var chunks: [[UInt8]] = [Array("1\n2".utf8), Array("\n3\n".utf8)]
            let count = try connection.copyIn(
                "COPY n FROM STDIN",
                text: { chunks.isEmpty ? nil : chunks.removeFirst() }
            )
            #expect(count == 3)
            var calls = 0
            #expect(throws: Stop.self) {
                try connection.copyIn(
                    "COPY n FROM STDIN",
                    text: {
                        calls += 1
                        if calls == 2 { throw Stop() }
                        return Array("9\n".utf8)
                    }
                )
            }
            #expect(try connection.execute("SELECT sum(i) FROM n")[0].int(0) == 6)
        }
    }

    @Test func `hands out rows, and stops when the receiver has enough`() throws {
        struct Enough: Error {}
        try with { connection in
            var lines: [String] = []
            try connection.copyOut("COPY (SELECT generate_series(1, 3)) TO STDOUT") {
                lines.append(String(decoding: $0, as: UTF8.self))
            }
            #expect(lines == ["1\n", "2\n", "3\n"])
            #expect(throws: Enough.self) {
                try connection.copyOut("COPY (SELECT generate_series(1, 10000000)) TO STDOUT") { _ in
                    throw Enough()
                }
            }
            #expect(try connection.execute("SELECT 1")[0].int(0) == 1)
        }
    }

    @Test func `streams a large result in chunks`() throws {
        struct Enough: Error {}
        try with { connection in
            var sizes: [Int] = []
            var sum = 0
            try connection.stream("SELECT generate_series(1, $1::int) AS i", [2500], chunkSize: 1000) {
                rows in
                sizes.append(rows.count)
                for row in rows { sum += try row.int("i") }
            }
            #expect(sizes == [1000, 1000, 500])
            #expect(sum == 2500 * 2501 / 2)
            #expect(throws: Enough.self) {
                try connection.stream("SELECT generate_series(1, 10000000)") { _ in throw Enough() }
            }
            let late = #expect(throws: PostgresError.self) {
                try connection.stream("SELECT 10 / (5 - i) FROM generate_series(1, 9) AS i", chunkSize: 2) {
                    _ in
                }
            }
            #expect(late?.sqlState == "22012")
            #expect(try connection.execute("SELECT 1")[0].int(0) == 1)
        }
    }
}
