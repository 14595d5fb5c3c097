import Core
import FeatureTestKit
import Ingest
import TestKit
import Testing

@testable import Workers

/// What is remembered of the series of remote-write.
@Suite struct `Series that are remembered` {
    private static func digest(_ number: Int) -> RawDigest {
        var digest = RawDigest()
        digest.add(UInt64(number) + 1)
        return digest
    }

    private static func key(_ number: Int) -> UUID128 {
        var digest = KeyDigest()
        digest.add("\(number)")
        return digest.finish()
    }

    /// A sender's order is guessed: a wrong guess must not give a series to another one.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func `are never mistaken for each other, in whatever order they come`(seed: UInt64) {
        var generator = SeededGenerator(seed)
        let identities = SeriesIdentities(most: 40)
        let component = ComponentKey(type: .broker, name: "job")
        for _ in 0..<300 {
            let start = Int.random(in: 0..<60, using: &generator)
            var numbers = (start..<start + Int.random(in: 1...20, using: &generator)).map { $0 % 60 }
            if Bool.random(using: &generator) { numbers.shuffle(using: &generator) }
            let found = identities.find(numbers.map(Self.digest))
            for (number, identity) in zip(numbers, found) {
                if let identity {
                    #expect(identity.key == Self.key(number))
                } else {
                    let learned = identities.learn(Self.digest(number), Self.key(number), of: component)
                    #expect(learned.key == Self.key(number))
                }
            }
            #expect(identities.count <= 40)
        }
        let last = identities.learn(Self.digest(7), Self.key(7), of: component)
        #expect(identities.find([Self.digest(7)]).first ?? nil === last)
    }

    @Test func `know the numbers that are committed, of the component that has them`() {
        let series = SeriesIdentities().learn(
            Self.digest(1),
            Self.key(1),
            of: ComponentKey(type: .broker, name: "job")
        )
        let numbers = SeriesNumbers()
        numbers.begin()
        numbers.add([Self.key(1): SeriesNumbers.Known(number: 5, runtimeID: 7, description: 0)])
        numbers.number([series])
        #expect(series.known(of: 7) == nil)
        #expect(numbers.read { $0.number(of: series, of: 7) } == 5)
        // The batch has failed.
        numbers.begin()
        numbers.commit()
        #expect(series.known(of: 7) == nil)

        numbers.begin()
        numbers.add([Self.key(1): SeriesNumbers.Known(number: 6, runtimeID: 7, description: 0)])
        numbers.number([series])
        numbers.commit()
        #expect(series.known(of: 7)?.number == 6)
        // The component was deleted, and came back.
        #expect(series.known(of: 8) == nil)
    }
}
