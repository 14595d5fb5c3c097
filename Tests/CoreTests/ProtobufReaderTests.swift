import Testing

@testable import Core

@Suite struct `Protobuf reader` {
    private func fields(_ bytes: [UInt8]) throws(ProtobufError) -> [ProtobufReader.Field] {
        var reader = ProtobufReader(bytes)
        var fields: [ProtobufReader.Field] = []
        while let field = try reader.next() { fields.append(field) }
        return fields
    }

    @Test func `reads a field of each wire type`() throws {
        let bytes: [UInt8] = [
            0x08, 0x96, 0x01,
            0x11, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F,
            0x1A, 3, 0x61, 0x62, 0x63,
            0x25, 1, 2, 3, 4,
        ]
        let fields = try fields(bytes)
        #expect(fields.map(\.number) == [1, 2, 3, 4])
        #expect(fields[0].value == .varint(150))
        #expect(fields[1].value.double == 1)
        #expect(fields[2].value == .bytes(14..<17))
        #expect(fields[3].value == .fixed32(0x0403_0201))
        #expect(ProtobufReader(bytes).text(14..<17) == "abc")
    }

    @Test func `reads nested messages and packed lists in place`() throws {
        let bytes: [UInt8] = [0x0A, 5, 0x12, 3, 0x01, 0xAC, 0x02]
        var outer = ProtobufReader(bytes)
        var inner = outer.part(try #require(try outer.next()?.value.range))
        var list = inner.part(try #require(try inner.next()?.value.range))
        #expect(try list.varint() == 1)
        #expect(try list.varint() == 300)
        #expect(list.isAtEnd)
        #expect(try inner.next() == nil)
        #expect(try outer.next() == nil)
    }

    @Test func `reads delimited messages until the end`() throws {
        var reader = ProtobufReader([1, 0x61, 0, 2, 0x62, 0x63])
        #expect(try reader.delimited() == 1..<2)
        #expect(try reader.delimited() == 3..<3)
        #expect(try reader.delimited() == 4..<6)
        #expect(try reader.delimited() == nil)
    }

    @Test func `a varint has at most 64 bits`() throws {
        let most: [UInt8] = Array(repeating: 0xFF, count: 9) + [0x01]
        #expect(try fields([0x08] + most) == [.init(number: 1, value: .varint(.max))])
        #expect(throws: ProtobufError.overlongVarint) {
            try fields([0x08] + Array(repeating: 0xFF, count: 9) + [0x02])
        }
        #expect(throws: ProtobufError.overlongVarint) {
            try fields([0x08] + Array(repeating: 0x80, count: 10) + [0x01])
        }
        // Needless zeros are legal.
        #expect(try fields([0x08, 0x85, 0x80, 0x00]) == [.init(number: 1, value: .varint(5))])
    }

    @Test func `signed numbers come back`() throws {
        let fields = try fields([0x08] + Array(repeating: 0xFF, count: 9) + [0x01, 0x08, 0x03])
        #expect(fields[0].value.signed == -1)
        #expect(fields[0].value.zigzag == .min)
        #expect(fields[1].value.zigzag == -2)
    }

    @Test(
        arguments: [
            [0x08], [0x08, 0x80], [0x11, 1, 2, 3, 4, 5, 6, 7], [0x25, 1, 2, 3], [0x80], [0x1A], [0x1A, 1],
            [0x1A, 4, 0x61, 0x62, 0x63],
            [0x1A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0x61],
            [0x1A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0x61],
        ] as [[UInt8]]
    )
    func `refuses what is cut off, and lengths that lie`(bytes: [UInt8]) {
        #expect(throws: ProtobufError.truncated) { try fields(bytes) }
    }

    @Test func `a nested message does not reach beyond its length`() throws {
        // The inner text claims three bytes, of which the message has one.
        var outer = ProtobufReader([0x0A, 3, 0x0A, 3, 0x61, 0x12, 0x00])
        var inner = outer.part(try #require(try outer.next()?.value.range))
        #expect(throws: ProtobufError.truncated) { try inner.next() }
    }

    @Test func `refuses groups, unknown wire types and impossible numbers of fields`() {
        #expect(throws: ProtobufError.group) { try fields([0x0B, 0x0C]) }
        #expect(throws: ProtobufError.group) { try fields([0x0C]) }
        #expect(throws: ProtobufError.wireType) { try fields([0x0E]) }
        #expect(throws: ProtobufError.wireType) { try fields([0x0F]) }
        #expect(throws: ProtobufError.fieldNumber) { try fields([0x00, 0x01]) }
        #expect(throws: ProtobufError.fieldNumber) { try fields([0x80, 0x80, 0x80, 0x80, 0x10, 0x01]) }
    }

    @Test func `reads the largest number of a field`() throws {
        let fields = try fields([0xF8, 0xFF, 0xFF, 0xFF, 0x0F, 0x01])
        #expect(fields == [.init(number: 536_870_911, value: .varint(1))])
    }

    @Test func `text that is not UTF-8 is nil`() {
        #expect(ProtobufReader([0x61, 0xFF]).text(0..<2) == nil)
        #expect(ProtobufReader([0x61, 0x00]).text(0..<2) == "a\0")
    }
}
