import Foundation
import TestKit
import Testing

@testable import Nextflow

@Suite struct `A percentile sketch` {
    private static func bin(_ value: Double) -> Int {
        value < 1e-6 ? -2000 : Int((log(value) / log(1.01)).rounded(.down))
    }

    private static func exact(_ values: [Double], _ fraction: Double) -> Double {
        let sorted = values.sorted()
        let rank = fraction * Double(sorted.count - 1)
        let lower = sorted[Int(rank.rounded(.down))]
        return lower + (sorted[Int(rank.rounded(.up))] - lower) * (rank - rank.rounded(.down))
    }

    @Test(arguments: [1, 2, 3, 100, 5000])
    func `is within half a per cent, in whatever order it was added up`(count: Int) {
        var generator = SeededGenerator(UInt64(count))
        let values = (0..<count).map { _ in
            Double.random(in: 1...2, using: &generator)
                * [1e-5, 1, 100, 3e9, 1e200][Int.random(in: 0..<5, using: &generator)]
        }
        for order in [values, values.sorted(), values.sorted(by: >)] {
            var sketch = PercentileSketch()
            for value in order { sketch.add(bin: Self.bin(value), 1) }
            #expect(sketch.count == Int64(count))
            for fraction in [0, 0.05, 0.5, 0.95, 1] {
                let expected = Self.exact(values, fraction)
                let found = sketch.percentile(fraction) ?? .nan
                #expect(abs(found - expected) <= expected * PercentileSketch.relativeError)
            }
        }
    }

    @Test func `may have taken away what is added later`() {
        var sketch = PercentileSketch()
        let isTaken = sketch.add(loose: Array("{5,900,70000}".utf8), -1)
        let isAdded = sketch.add(loose: Array("{5,900,900,70000}".utf8))
        #expect(isTaken && isAdded)
        var one = PercentileSketch()
        one.add(bin: 900, 1)
        #expect(sketch.percentile(0.95) == one.percentile(0.95))
    }

    @Test func `of nothing has no percentile, and of zeros zero`() {
        var sketch = PercentileSketch()
        #expect(sketch.percentile(0.95) == nil)
        sketch.add(bin: -2000, 7)
        #expect(sketch.percentile(0.95) == 0)
    }

    private static func sealed(_ text: String) -> PercentileSketch? {
        var sketch = PercentileSketch()
        return sketch.add(sealed: Array(text.utf8)) ? sketch : nil
    }

    private static func loose(_ text: String) -> PercentileSketch? {
        var sketch = PercentileSketch()
        return sketch.add(loose: Array(text.utf8)) ? sketch : nil
    }

    @Test func `reads what PostgreSQL sends`() throws {
        // Bin 3 with one value, bin 258 with 300.
        let sealed = try #require(Self.sealed("0301,ff0000000000000102ff000000000000012c"))
        let bins = Array(repeating: "258", count: 300) + ["3"]
        let loose = try #require(Self.loose("{" + bins.joined(separator: ",") + "}"))
        for fraction in [0, 0.003, 0.5, 1] {
            #expect(sealed.percentile(fraction) == loose.percentile(fraction))
        }
        #expect(sealed.count == 301)
        #expect(try #require(Self.loose("{-12}")?.percentile(0)) < 0.9)
    }

    @Test(arguments: ["03", "03ff0000", "0301ff00", "0301,03", "03zz", "030", "0301;0301", #"\x0301"#])
    func `refuses a distribution that is cut off or none at all`(text: String) {
        #expect(Self.sealed(text) == nil)
    }

    @Test(arguments: ["1,2", "{1,x}", ""])
    func `refuses bins that are none`(text: String) {
        #expect(Self.loose(text) == nil)
    }
}
