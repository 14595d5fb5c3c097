import Core
import Testing

@Suite struct `UUID128 text and bytes` {
    @Test func `parses either case and prints lower case`() throws {
        let uuid = try #require(UUID128("3F0C2F1E-8a54-4d0b-9A63-5b8d1c7f42aa"))
        #expect(uuid.description == "3f0c2f1e-8a54-4d0b-9a63-5b8d1c7f42aa")
        #expect(Hex.encode(uuid.bytes) == "3f0c2f1e8a544d0b9a635b8d1c7f42aa")
        #expect(UUID128(bytes: uuid.bytes) == uuid)
    }

    @Test(arguments: [
        "", "3f0c2f1e8a544d0b9a635b8d1c7f42aa", "{3f0c2f1e-8a54-4d0b-9a63-5b8d1c7f42aa}",
        "3f0c2f1e-8a54-4d0b-9a63-5b8d1c7f42a", "3f0c2f1e-8a54-4d0b-9a63-5b8d1c7f42aaa",
        "3f0c2f1e-8a54-4d0b-9a63-5b8d1c7f42ag", "3f0c2f1-e8a54-4d0b-9a63-5b8d1c7f42aa",
        "3f0c2f1e-8a54-4d0b-9a63--b8d1c7f42aa",
    ])
    func `refuses other forms`(text: String) {
        #expect(UUID128(text) == nil)
    }

    @Test func `refuses other counts of bytes`() {
        #expect(UUID128(bytes: [UInt8](repeating: 1, count: 15)) == nil)
        #expect(UUID128(bytes: [UInt8](repeating: 1, count: 17)) == nil)
    }

    @Test func `random ones are version 4 of the RFC variant and differ`() {
        let uuids = (0..<1000).map { _ in UUID128.random() }
        #expect(Set(uuids).count == 1000)
        for uuid in uuids {
            #expect(uuid.bytes[6] >> 4 == 4)
            #expect(uuid.bytes[8] >> 6 == 2)
        }
    }

    @Test func `orders as the text does`() {
        let uuids = (0..<100).map { _ in UUID128.random() }
        #expect(uuids.sorted().map(\.description) == uuids.map(\.description).sorted())
    }
}

@Suite struct `Hex digits` {
    @Test func `encodes in lower case and decodes either case`() {
        #expect(Hex.encode([0x00, 0x9F, 0xFF]) == "009fff")
        #expect(Hex.decode("009FfF") == [0x00, 0x9F, 0xFF])
        #expect(Hex.decode("") == [])
        let all = (0...255).map { UInt8($0) }
        #expect(Hex.decode(Hex.encode(all)) == all)
    }

    @Test(arguments: ["0", "0g", " 00", "0x00", "é"])
    func `refuses other text`(text: String) {
        #expect(Hex.decode(text) == nil)
    }
}

@Suite struct `Base64 text` {
    // RFC 4648 §10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func `passes the vectors of the RFC with and without padding`(plain: String, encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
        #expect(Base64.decode(encoded.filter { $0 != "=" }) == Array(plain.utf8))
    }

    @Test func `covers the alphabet`() {
        let all = (0...255).map { UInt8($0) }
        #expect(Base64.decode(Base64.encode(all)) == all)
        #expect(Base64.encode([0xFB, 0xEF, 0xFF]) == "++//")
    }

    @Test(arguments: ["Z", "Zm9vY", "Zg===", "====", "Zm 9v", "Zm9v\n", "Zg==Zg==", "__--", "Zé"])
    func `refuses other text`(text: String) {
        #expect(Base64.decode(text) == nil)
    }
}
