import Testing

@testable import Workers

@Suite struct `Digests of labels as they are sent` {
    private static func digest(_ texts: [String]) -> RawDigest {
        var digest = RawDigest()
        for text in texts { Array(text.utf8).withUnsafeBytes { digest.add($0) } }
        digest.add(7)
        return digest
    }

    @Test func `differ, and so do their hashes, or a look-up would visit every series`() {
        let digests = (0..<10_000).map { Self.digest(["instance", "10.0.0.\($0)", "job", "node"]) }
        #expect(Set(digests).count == 10_000)
        #expect(Set(digests.map(\.hashValue)).count == 10_000)
        #expect(Set(digests.map(\.short)).count == 10_000)
    }

    @Test func `are equal for equal texts, and tell where one ends`() {
        #expect(Self.digest(["a", "bc"]) == Self.digest(["a", "bc"]))
        #expect(Self.digest(["a", "bc"]) != Self.digest(["ab", "c"]))
        #expect(Self.digest(["", "a"]) != Self.digest(["a", ""]))
        #expect(Self.digest(["a\0"]) != Self.digest(["a"]))
    }
}
