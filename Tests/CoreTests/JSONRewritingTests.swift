import Core
import Testing

private func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self)
}

@Suite struct `JSON made storable` {
    @Test(arguments: [
        (#"{"a\u0000":"\u0000b"}"#, #"{"a\u2400":"\u2400b"}"#),
        (#"["\ud83d","\ude00x","\ud83d\ude00"]"#, #"["\ufffd","\ufffdx","\ud83d\ude00"]"#),
        (#"["\ud83d\ud83d\ude00\u0000"]"#, #"["\ufffd\ud83d\ude00\u2400"]"#),
        (#"["\\u0000","\\\u0000"]"#, #"["\\u0000","\\\u2400"]"#),
        (#"[1e309, -2.5E-400,3]"#, #"["1e309", "-2.5E-400",3]"#),
        (#"{"n":0e999}"#, #"{"n":"0e999"}"#),
        ("1e999", #""1e999""#),
        (" [1,\r\n2] \n", "[1,  2]"),
        ("\u{FEFF}{\"é\":\"\\u0000\"}", #"{"é":"\u2400"}"#),
        (#"{"a":[1.50,"x\/y",true]}"#, #"{"a":[1.50,"x\/y",true]}"#),
    ])
    func `replaces what jsonb refuses and nothing else`(original: String, expected: String) throws {
        let rewritten = JSONStorable.rewrite(try JSONDocument(text: original))
        #expect(text(rewritten) == expected)
        #expect(try JSONDocument(rewritten).flags == [])
    }

    @Test func `a number of more than 400 digits becomes a string`() throws {
        let digits = "0." + String(repeating: "7", count: 400)
        let rewritten = JSONStorable.rewrite(try JSONDocument(text: "{\"n\":\(digits)}"))
        #expect(text(rewritten) == "{\"n\":\"\(digits)\"}")
    }

    @Test func `what lies within 256 containers becomes its raw text`() throws {
        let open = String(repeating: "[", count: 256)
        let close = String(repeating: "]", count: 256)
        let deep = #"{"k\u0000":[1e999, "]"],"# + "\n" + #""\"}":null}"#
        let document = try JSONDocument(text: "\(open)7,\(deep),[]\(close)")
        #expect(document.sawDeepNesting)
        let rewritten = JSONStorable.rewrite(document)
        let again = try JSONDocument(rewritten, recordedDepth: 300)
        #expect(again.flags == [])
        var node = again.root
        for _ in 0..<255 { node = try #require(node.elements.first { _ in true }) }
        let elements = Array(node.elements)
        #expect(elements.map(\.kind) == [.number, .string, .string])
        #expect(elements[1].string == deep)
        #expect(elements[2].string == "[]")
    }

    @Test func `256 containers stay as they are`() throws {
        let nested = String(repeating: "[", count: 256) + String(repeating: "]", count: 256)
        let document = try JSONDocument(text: nested)
        #expect(document.isStorable)
        #expect(text(JSONStorable.rewrite(document)) == nested)
    }

    @Test func `blanks line breaks in place`() {
        var bytes = Array("{\n\"a\": \"x\\n\",\r\n\"b\":1}\n".utf8)
        JSONStorable.blankLineBreaks(in: &bytes)
        #expect(text(bytes) == "{ \"a\": \"x\\n\",  \"b\":1} ")
    }
}

@Suite struct `Cutting a member out` {
    @Test(arguments: [
        (#"{"a":1,"z":[1,2],"b":2}"#, #"{"a":1,"b":2}"#),
        (#"{"z":[1,2],"b":2}"#, #"{"b":2}"#),
        (#"{"a":1,"z":{"z":1}}"#, #"{"a":1}"#),
        (#"{"z":1}"#, "{}"),
        (#"{"z":1,"z":2}"#, "{}"),
        (#"{"z":1,"z":2,"a":3}"#, #"{"a":3}"#),
        (#"{"a":3,"z":1,"z":2}"#, #"{"a":3}"#),
        (#"{"z":1,"a":3,"z":2,"b":4,"z":5}"#, #"{"a":3,"b":4}"#),
        (#"{"\u007a":1,"a":3}"#, #"{"a":3}"#),
        (#"{ "z" : 1 , "a" : 3 }"#, #"{ "a" : 3 }"#),
        (#"{ "a" : 3 , "z" : 1 }"#, #"{ "a" : 3 }"#),
        (#"{"a":{"z":1}}"#, #"{"a":{"z":1}}"#),
        (#"["z"]"#, #"["z"]"#),
    ])
    func `takes exactly one comma with it`(original: String, expected: String) throws {
        let document = try JSONDocument(text: original)
        let cut = document.bytes(removingMember: ["z"])
        #expect(text(cut) == expected)
        #expect(throws: Never.self) { try JSONDocument(cut) }
    }

    @Test(arguments: [0, 2, 64])
    func `follows a path through duplicates at any recorded depth`(depth: Int) throws {
        let original = #"""
            {"m":{"s":{"o":{"id":"Z","zones":["a","b"]}},"s":{"o":{"zones":[],"id":1}}},"m":7,
            "m":{"s":{"o":[{"zones":1}]}},"o":{"zones":2}}
            """#
        let document = try JSONDocument(text: original, recordedDepth: depth)
        let path = ["m", "s", "o", "zones"]
        #expect(document.ranges(ofMember: path).count == 2)
        #expect(
            text(document.bytes(removingMember: path)) == #"""
                {"m":{"s":{"o":{"id":"Z"}},"s":{"o":{"id":1}}},"m":7,
                "m":{"s":{"o":[{"zones":1}]}},"o":{"zones":2}}
                """#
        )
    }

    @Test func `an empty path cuts nothing`() throws {
        #expect(try JSONDocument(text: "{}").ranges(ofMember: []) == [])
    }
}
