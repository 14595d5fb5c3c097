import HTTP
import Testing

@Suite struct `Content decoder` {
    static let text = "hello hello hello weir"
    /// What Python's zlib 1.2.13 makes of `text`.
    static let gzip: [UInt8] = [
        0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x57,
        0xC8, 0x40, 0x22, 0xCB, 0x53, 0x33, 0x8B, 0x00, 0xB9, 0xE8, 0x34, 0xB5, 0x16, 0x00, 0x00, 0x00,
    ]
    static let zlib: [UInt8] = [
        0x78, 0xDA, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x57, 0xC8, 0x40, 0x22, 0xCB, 0x53, 0x33, 0x8B, 0x00,
        0x5F, 0x8E, 0x08, 0x54,
    ]
    static let raw: [UInt8] = [
        0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x57, 0xC8, 0x40, 0x22, 0xCB, 0x53, 0x33, 0x8B, 0x00,
    ]
    /// With a preset dictionary, which nobody has agreed on.
    static let zlibWithDictionary: [UInt8] = [
        0x78, 0xF9, 0x19, 0x91, 0x04, 0x49, 0xCB, 0x40, 0x30, 0xA1, 0x64, 0x79, 0x6A, 0x66, 0x11, 0x00,
        0x5F, 0x8E, 0x08, 0x54,
    ]

    static func decode(
        _ coding: String,
        _ bytes: [UInt8],
        limit: Int = 1 << 20,
        pieceSize: Int = .max
    ) throws -> [UInt8] {
        let head = RequestHead.make(.post, fields: ["Content-Encoding": coding])
        let decoder = try #require(try ContentDecoder.make(for: head, decompressedBytes: limit))
        var output: [UInt8] = []
        var start = 0
        while start < bytes.count {
            let end = start + min(pieceSize, bytes.count - start)
            _ = try Array(bytes[start..<end]).withUnsafeBytes { piece in
                try decoder.decode(piece, into: &output)
            }
            start = end
        }
        try decoder.finish()
        return output
    }

    static func cause(of body: () throws -> [UInt8]) -> RequestError.Cause? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? RequestError)?.cause
        }
    }

    static let codings: [(String, [UInt8])] = [
        ("gzip", gzip), ("GZIP", gzip), ("x-gzip", gzip), ("identity, gzip", gzip),
        ("deflate", zlib), ("deflate", raw),
    ]

    @Test func `takes a limit of Int.max as none`() throws {
        #expect(try Self.decode("gzip", Self.gzip, limit: .max) == Array(Self.text.utf8))
    }

    @Test(arguments: codings)
    func `undoes a coding`(_ coding: String, _ bytes: [UInt8]) throws {
        for pieceSize in [1, 2, 5, Int.max] {
            let decoded = try Self.decode(coding, bytes, pieceSize: pieceSize)
            #expect(String(decoding: decoded, as: UTF8.self) == Self.text)
        }
    }

    @Test func `leaves a body alone that has no coding`() throws {
        let heads = [
            RequestHead.make(), .make(fields: ["Content-Encoding": "identity"]),
            .make(fields: ["Content-Encoding": ""]),
        ]
        for head in heads {
            #expect(try ContentDecoder.make(for: head, decompressedBytes: 1) == nil)
        }
    }

    @Test(arguments: ["br", "zstd", "gzip, gzip", "deflate, gzip", "compress"])
    func `refuses other codings`(_ coding: String) {
        #expect(Self.cause { try Self.decode(coding, []) } == .unknownContentCoding)
    }

    @Test func `takes gzip members one after the other`() throws {
        let decoded = try Self.decode("gzip", Self.gzip + Self.gzip, pieceSize: 3)
        #expect(String(decoding: decoded, as: UTF8.self) == Self.text + Self.text)
    }

    @Test func `takes an empty body for what it is`() throws {
        #expect(try Self.decode("gzip", []).isEmpty)
        #expect(try Self.decode("deflate", []).isEmpty)
    }

    @Test func `refuses a body cut short at any place`() {
        for (coding, bytes) in [("gzip", Self.gzip), ("deflate", Self.zlib), ("deflate", Self.raw)] {
            for count in 1..<bytes.count {
                let cause = Self.cause { try Self.decode(coding, Array(bytes.prefix(count))) }
                #expect(cause == .corruptCompression, "\(coding) after \(count)")
            }
        }
    }

    static let corruptBodies: [(String, [UInt8])] = [
        ("gzip", Array("{\"not\": \"compressed\"}".utf8)),
        ("gzip", gzip.dropLast(8) + [0, 0, 0, 0, 22, 0, 0, 0]),
        ("gzip", gzip + [0]),
        ("gzip", gzip + Array("junk".utf8)),
        ("gzip", zlib),
        ("deflate", zlib + [0]),
        ("deflate", zlib.dropLast() + [0]),
        ("deflate", raw + [0]),
        ("deflate", [0xFF, 0xFF]),
        ("deflate", zlibWithDictionary),
    ]

    @Test(arguments: corruptBodies)
    func `refuses corrupt bodies`(_ coding: String, _ bytes: [UInt8]) {
        for pieceSize in [1, Int.max] {
            let cause = Self.cause { try Self.decode(coding, bytes, pieceSize: pieceSize) }
            #expect(cause == .corruptCompression)
        }
    }

    @Test func `admits the limit and refuses one more`() throws {
        for limit in [22, 21] {
            let cause = Self.cause { try Self.decode("gzip", Self.gzip, limit: limit) }
            #expect(cause == (limit == 22 ? nil : .decompressedTooLarge))
        }
        #expect(
            Self.cause { try Self.decode("gzip", Self.gzip + Self.gzip, limit: 43) } == .decompressedTooLarge
        )
        #expect(try Self.decode("gzip", Self.gzip + Self.gzip, limit: 44).count == 44)
    }

    @Test func `stops a bomb at the limit`() throws {
        let bomb = GzipEncoder.compress([UInt8](repeating: 0, count: 16 << 20))
        #expect(bomb.count < 128 << 10)
        let head = RequestHead.make(fields: ["Content-Encoding": "gzip"])
        let decoder = try #require(try ContentDecoder.make(for: head, decompressedBytes: 100_000))
        var output: [UInt8] = []
        let error = bomb.withUnsafeBytes { bytes in
            #expect(throws: RequestError.self) { try decoder.decode(bytes, into: &output) }
        }
        let expected = RequestError(.decompressedTooLarge, limit: 100_000)
        #expect(error == expected)
        #expect(output.count <= 100_001)
        #expect(throws: expected) { try decoder.finish() }
    }

    @Test(arguments: [1, 1000, 100_000])
    func `leaves off after some work and goes on with the rest`(work: Int) throws {
        let original = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 1000) }
        let compressed =
            GzipEncoder.compress(original) + GzipEncoder.compress([]) + GzipEncoder.compress(original)
        let head = RequestHead.make(fields: ["Content-Encoding": "gzip"])
        let decoder = try #require(try ContentDecoder.make(for: head, decompressedBytes: 1 << 20))
        var output: [UInt8] = []
        var rest = compressed
        var calls = 0
        var isDry = false
        while !isDry {
            let before = output.count
            let progress = try rest.withUnsafeBytes { try decoder.decode($0, work: work, into: &output) }
            rest.removeFirst(progress.consumed)
            isDry = progress.isDry
            calls += 1
            #expect(output.count - before < work + (32 << 10))
        }
        try decoder.finish()
        #expect(rest.isEmpty)
        #expect(output == original + original)
        #expect(calls >= 600_000 / (work + (32 << 10)))
    }

    @Test func `inflates much more than one buffer`() throws {
        let original = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }
        let compressed = GzipEncoder.compress(original)
        #expect(try Self.decode("gzip", compressed) == original)
        #expect(try Self.decode("gzip", compressed, pieceSize: 1000) == original)
    }
}

@Suite struct `Gzip encoder` {
    @Test func `lets every piece be read at once`() throws {
        let encoder = GzipEncoder()
        let head = RequestHead.make(fields: ["Content-Encoding": "gzip"])
        let decoder = try #require(try ContentDecoder.make(for: head, decompressedBytes: 1 << 20))
        for piece in ["one\n", "two\n", "", "three\n"] {
            var compressed: [UInt8] = []
            encoder.append(Array(piece.utf8), into: &compressed)
            var plain: [UInt8] = []
            _ = try compressed.withUnsafeBytes { try decoder.decode($0, into: &plain) }
            #expect(String(decoding: plain, as: UTF8.self) == piece)
        }
        #expect(throws: RequestError(.corruptCompression)) { try decoder.finish() }
        var end: [UInt8] = []
        encoder.finish(into: &end)
        var plain: [UInt8] = []
        _ = try end.withUnsafeBytes { try decoder.decode($0, into: &plain) }
        try decoder.finish()
        #expect(plain.isEmpty)
    }
}
