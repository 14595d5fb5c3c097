import Testing

@testable import Alerts

@Suite("Sealed secrets")
struct SecretBoxTests {
    private let key = [UInt8](repeating: 7, count: 32)

    @Test func `opens at the place that it was sealed for, and nowhere else`() throws {
        let box = try SecretBox(key: key)
        let sealed = try box.seal("hunter2", for: "channel/url")
        #expect(sealed.hasPrefix("sealed:v1:"))
        #expect(!sealed.contains("hunter2"))
        #expect(try box.open(sealed, for: "channel/url") == "hunter2")
        #expect(throws: SecretBoxError.damaged) { try box.open(sealed, for: "other/url") }
    }

    @Test func `opens what an older key has sealed, and says that it is outdated`() throws {
        let old = try SecretBox(key: key)
        let sealed = try old.seal("hunter2", for: "a")
        let new = try SecretBox(key: [UInt8](repeating: 8, count: 32), old: [key])
        #expect(try new.open(sealed, for: "a") == "hunter2")
        #expect(new.isOutdated(sealed))
        #expect(!old.isOutdated(sealed))
    }

    @Test func `names the key that is missing`() throws {
        let sealed = try SecretBox(key: key).seal("hunter2", for: "a")
        let other = try SecretBox(key: [UInt8](repeating: 8, count: 32))
        #expect(throws: SecretBoxError.otherKey(id: String(sealed.split(separator: ":")[2]))) {
            try other.open(sealed, for: "a")
        }
    }

    @Test func `makes the file of a key once, for its owner only`() throws {
        let path = "/tmp/weir-key-\(Int.random(in: 0 ... .max))"
        let made = try SecretBox.key(inFile: path)
        #expect(made.count == 32)
        #expect(try SecretBox.key(inFile: path) == made)
    }
}
