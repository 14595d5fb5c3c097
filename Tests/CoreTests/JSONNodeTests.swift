import Testing

@testable import Core

private func root(_ text: String, recordedDepth: Int = 64) throws -> JSONNode {
    try JSONDocument(text: text, recordedDepth: recordedDepth).root
}

@Suite struct `JSON node access` {
    @Test func `finds members, the last of a name, also by escaped key`() throws {
        let node = try root(#"{"a":1,"b":{"c":[true,null,"x"]},"a":2,"\u0062\n":3,"é":4,"":5}"#)
        #expect(node["a"]?.int64 == 2)
        #expect(node["b"]?["c"]?.kind == .array)
        #expect(node["b\n"]?.int64 == 3)
        #expect(node["é"]?.int64 == 4)
        #expect(node[""]?.int64 == 5)
        #expect(node["c"] == nil)
        #expect(node["a"]?["a"] == nil)
        // The same letter, composed otherwise, is another key.
        #expect(node["e\u{301}"] == nil)
    }

    @Test func `the last duplicate wins in whichever spelling`() throws {
        #expect(try root(#"{"a":1,"\u0061":2}"#)["a"]?.int64 == 2)
        #expect(try root(#"{"\u0061":2,"a":1}"#)["a"]?.int64 == 1)
    }

    @Test func `lists members and elements in order`() throws {
        let node = try root(#"{"b":[1,[2,3],{"x":4}],"a":{},"\u0061":"y"}"#)
        let members = Array(node.members)
        #expect(members.map { String(decoding: $0.rawKey, as: UTF8.self) } == ["b", "a", #"\u0061"#])
        #expect(members.map { $0.isKey("a") } == [false, true, true])
        #expect(members.map { $0.value.kind } == [.array, .object, .string])
        #expect(members[0].value.elements.map(\.kind) == [.number, .array, .object])
        #expect(members[1].value.members.map(\.key.string) == [])
        #expect(Array(node.elements.map(\.kind)) == [])
        #expect(Array(members[0].value.members.map(\.key.string)) == [])
    }

    @Test func `gives the raw text and its place`() throws {
        let node = try root(#" {"a" : [1, 2.50] , "b":"x\ty"} "#)
        #expect(node.range == 1..<31)
        #expect(String(decoding: node["a"]?.rawBytes ?? [], as: UTF8.self) == "[1, 2.50]")
        #expect(String(decoding: node["b"]?.rawBytes ?? [], as: UTF8.self) == #""x\ty""#)
    }

    @Test(arguments: 0..<6)
    func `reads the same whatever depth was recorded`(depth: Int) throws {
        let node = try root(#"{"a":{"b":[{"c":{"d":[1,"é"]}}]},"z":7}"#, recordedDepth: depth)
        #expect(node.members.map(\.key.string) == ["a", "z"])
        let element = try #require(node["a"]?["b"]?.elements.first { _ in true })
        let list = try #require(element["c"]?["d"])
        #expect(list.elements.map(\.kind) == [.number, .string])
        #expect(list.elements.compactMap(\.string) == ["é"])
        #expect(String(decoding: list.rawBytes, as: UTF8.self) == #"[1,"é"]"#)
        #expect(node["z"]?.int64 == 7)
    }

    @Test func `reads elements that were not recorded`() throws {
        let text = #"{"a":[1,{"b":[2]},[]],"c":{"d":["x",3],"e":4},"f":[]}"#
        let document = try JSONDocument(text: text, recordsElements: false)
        let elements = document.root["a"]?.elements.map(\.kind)
        #expect(elements == [.number, .object, .array])
        #expect(document.root["c"]?["d"]?.elements.compactMap(\.int64) == [3])
        #expect(document.root["c"]?["e"]?.int64 == 4)
        #expect(document.root.members.map(\.key.string) == ["a", "c", "f"])
    }

    @Test func `a long array costs one node when its elements are not recorded`() throws {
        let text = "{\"a\":[" + String(repeating: "[0],", count: 1000) + "0],\"b\":1}"
        #expect(try JSONDocument(text: text, recordsElements: false).nodes.count == 5)
        #expect(try JSONDocument(text: text).nodes.count == 2006)
    }
}

@Suite struct `JSON node values` {
    @Test(arguments: [
        (#""plain é""#, "plain é", "plain é"),
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t", "\"\\/\u{8}\u{C}\n\r\t"),
        (#""\u00E9\u20ac\ud83d\ude00!""#, "é€😀!", "é€😀!"),
        (#""a\u0000b""#, "a\u{0}b", "a\u{2400}b"),
        (#""\ud83d""#, "\u{FFFD}", "\u{FFFD}"),
        (#""\ude00\ud83d\u0041""#, "\u{FFFD}\u{FFFD}A", "\u{FFFD}\u{FFFD}A"),
        (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀", "\u{FFFD}😀"),
        (#""""#, "", ""),
    ])
    func `decodes strings`(text: String, string: String, storable: String) throws {
        let node = try root(text)
        // Compared by bytes: Swift's equality of strings is canonical equivalence.
        #expect(node.string.map { Array($0.utf8) } == Array(string.utf8))
        #expect(node.storableString.map { Array($0.utf8) } == Array(storable.utf8))
        var bytes: [UInt8] = [1]
        node.appendStorableString(to: &bytes)
        #expect(bytes == [1] + Array(storable.utf8))
        #expect(node.int64 == nil && node.double == nil && node.bool == nil && !node.isNull)
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("0.0", 0), ("0e5", 0), ("42", 42), ("-7", -7), ("1e2", 100), ("3.0", 3),
            ("1.50e1", 15),
            ("1500e-2", 15), ("9007199254740993", 9_007_199_254_740_993), ("9223372036854775807", .max),
            ("-9223372036854775808", .min), ("9223372036854775808", nil), ("-9223372036854775809", nil),
            ("9.223372036854775807e18", .max), ("18446744073709551616", nil),
            ("1e18", 1_000_000_000_000_000_000),
            ("1e19", nil), ("1.5", nil), ("1e-1", nil), ("1e400", nil), ("0.1e1", 1),
            ("100000000000000000000e-20", 1),
            ("99999999999999999999", nil),
        ] as [(String, Int64?)]
    )
    func `reads exact integers in any spelling`(text: String, expected: Int64?) throws {
        #expect(try root(text).int64 == expected)
        #expect(try root(text).numberText == text)
    }

    @Test(
        arguments: [
            ("0", 0), ("-1.5", -1.5), ("0.1", 0.1), ("1e22", 1e22), ("1e23", 1e23),
            ("123456789012345678", 123_456_789_012_345_680),
            ("19.98", 19.98), ("5e-324", .leastNonzeroMagnitude),
            ("1.7976931348623157e308", .greatestFiniteMagnitude), ("2e308", nil),
            ("9007199254740993", 9_007_199_254_740_992), ("8.5", 8.5),
            ("0.30000000000000004", 0.30000000000000004),
            ("1e-400", 0), ("123456789.123456789e-5", 1234.56789123456789),
        ] as [(String, Double?)]
    )
    func `reads the nearest double`(text: String, expected: Double?) throws {
        #expect(try root(text).double == expected)
    }

    @Test func `reads a negative zero`() throws {
        #expect(try root("-0.0").double?.sign == .minus)
    }

    @Test func `random doubles survive text and back`() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let number = Double(bitPattern: generator.next())
            guard number.isFinite else { continue }
            #expect(try root(FloatText.python(number)).double == number)
        }
    }

    @Test func `reads words`() throws {
        #expect(try root("true").bool == true)
        #expect(try root("false").bool == false)
        #expect(try root("null").isNull)
        #expect(try root("null").bool == nil)
        #expect(try root("null").string == nil)
    }

    @Test(
        arguments: [
            (#""2026-02-19T18:06:35Z""#, "2026-02-19T18:06:35.000000Z"),
            (#""2026-02-19T18:06:35\u005a""#, "2026-02-19T18:06:35.000000Z"),
            ("1771524395", "2026-02-19T18:06:35.000000Z"),
            (#""1771524395000""#, "2026-02-19T18:06:35.000000Z"),
            (#""soon""#, nil),
            ("true", nil),
        ] as [(String, String?)]
    )
    func `reads timestamps`(text: String, expected: String?) throws {
        #expect(try root(text).timestamp?.description == expected)
    }
}
