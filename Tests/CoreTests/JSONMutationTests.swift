import Core
import Testing

/// Repeatable randomness: SplitMix64 (Steele, Lea, Flood 2014).
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

private let originals: [String] = [
    #"{"a":1,"b":[true,false,null],"k":"x\n\u00e9\ud83d\ude00"}"#,
    #"[1,2.5,-3e10,0,-0,1E-5,12345678901234567890,1e400]"#,
    #"{"a":{"a":{"k":[{}]}},"a":{"k":1,"k":2},"k":[]}"#,
    #"{"é":"日本語😀","k":"\u0000\ud800","a":[[],[[]],{"b":{}}]}"#,
    " [ \"a\" ,\n {\"k\" :\t1 } ]\r\n",
    #""plain text longer than eight bytes, \"yes\"""#,
]

private let tokens: [String] = [
    "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud83d", "\\ude00", "\\u0000", "null", "1", "0", "-",
    ".", "e",
    "e999", " ", "\n", "\"k\":", "\"a\":", "é", "😀", "\u{1F}", "\"x\"", "{}", "{\"k\":1}",
]

/// One of the originals with up to five tokens put in, bytes taken out, or the end cut off.
private func makeMutant(_ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = Array((originals.randomElement(using: &generator) ?? "").utf8)
    for _ in 0..<Int.random(in: 0...5, using: &generator) {
        let place = Int.random(in: 0...bytes.count, using: &generator)
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<5: bytes.insert(contentsOf: (tokens.randomElement(using: &generator) ?? "").utf8, at: place)
        case 5..<8: bytes.removeSubrange(place..<min(place + 1, bytes.count))
        case 8: bytes.removeSubrange(place...)
        default: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
        }
    }
    return bytes
}

/// The value written again with decoded strings and read numbers.
private func canonical(_ node: JSONNode, into writer: inout JSONWriter) {
    switch node.kind {
    case .object:
        writer.object { object in
            for member in node.members {
                object.key(member.key.storableString ?? "")
                canonical(member.value, into: &object)
            }
        }
    case .array:
        writer.array { array in
            for element in node.elements { canonical(element, into: &array) }
        }
    case .string: writer.value(node.storableString)
    case .number: node.int64.map { writer.value($0) } ?? writer.value(node.double)
    case .true, .false: writer.value(node.bool)
    case .null: writer.null()
    }
}

private func canonical(_ document: JSONDocument) -> String {
    var writer = JSONWriter()
    canonical(document.root, into: &writer)
    return writer.text
}

@Suite struct `JSON under mutation` {
    @Test(arguments: 1...4)
    func `valid mutants stay valid in every form, and the rest is refused with a place`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var accepted = 0
        for _ in 0..<2500 {
            let bytes = makeMutant(&generator)
            do {
                let document = try JSONDocument(bytes)
                accepted += 1
                try expectSameAtEveryDepth(document)
                try expectStorable(document)
                try expectCut(document)
            } catch let error as JSONError {
                #expect((0...bytes.count).contains(error.offset))
            }
        }
        #expect(accepted > 250)
    }

    private func expectSameAtEveryDepth(_ document: JSONDocument) throws {
        let expected = canonical(document)
        for depth in 0..<3 {
            let shallow = try JSONDocument(document.bytes, recordedDepth: depth)
            #expect(shallow.flags == document.flags)
            #expect(canonical(shallow) == expected)
        }
        // What was written must read back as the same.
        #expect(canonical(try JSONDocument(text: expected)) == expected)
    }

    private func expectStorable(_ document: JSONDocument) throws {
        let rewritten = try JSONDocument(JSONStorable.rewrite(document))
        #expect(rewritten.flags == [])
        if !document.sawExtremeNumber { #expect(canonical(rewritten) == canonical(document)) }
    }

    private func expectCut(_ document: JSONDocument) throws {
        let cut = try JSONDocument(document.bytes(removingMember: ["k"]))
        #expect(cut.root["k"] == nil)
        let deeper = try JSONDocument(document.bytes(removingMember: ["a", "k"]))
        for member in deeper.root.members where member.isKey("a") { #expect(member.value["k"] == nil) }
    }
}
