import Metrics
import Testing

@Suite struct `Metric types` {
    @Test func `a counter only grows`() {
        let counter = Registry().counter("weir_x_total", help: "X.")
        counter.increment()
        counter.increment(by: 4)
        counter.increment(by: -2)
        counter.add(0.5)
        counter.add(-1)
        counter.add(.nan)
        counter.add(.infinity)
        #expect(counter.value == 5.5)
    }

    @Test func `a gauge goes up and down`() {
        let gauge = Registry().gauge("weir_x", help: "X.")
        #expect(gauge.value == 0)
        gauge.set(7)
        gauge.add(-2.5)
        gauge.increment()
        gauge.decrement()
        #expect(gauge.value == 4.5)
        gauge.set(Double.infinity)
        #expect(gauge.value == .infinity)
    }

    @Test func `a histogram puts an upper bound into its own bucket`() {
        let histogram = Registry().histogram("weir_x_seconds", help: "X.", bounds: [0.1, 1])
        histogram.observe(0.1)
        histogram.observe(Duration.milliseconds(500))
        histogram.observe(1.0)
        histogram.observe(1.5)
        histogram.observe(Double.nan)
        let expected = HistogramReading(bounds: [0.1, 1], counts: [1, 2, 1], sum: 3.1)
        #expect(histogram.reading == .histogram(expected))
    }

    @Test func `exponential bounds grow by their factor`() {
        #expect(Histogram.exponentialBounds(from: 1, factor: 4, count: 4) == [1, 4, 16, 64])
        #expect(Histogram.exponentialBounds(from: 1, factor: 4, count: 0) == [])
    }

    @Test func `nothing is lost between threads`() async {
        let registry = Registry()
        let counter = registry.counter("weir_a_total", help: "A.")
        let gauge = registry.gauge("weir_b", help: "B.")
        let histogram = registry.histogram("weir_c", help: "C.", bounds: [10])
        let family = registry.counterFamily("weir_d_total", help: "D.", labels: ["n"])
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for round in 0..<1000 {
                        counter.increment()
                        counter.add(0.5)
                        gauge.add(1)
                        histogram.observe(1.0)
                        family.child("\(round % 10)").increment()
                    }
                }
            }
        }
        #expect(counter.value == 6000)
        #expect(gauge.value == 4000)
        let expected = HistogramReading(bounds: [10], counts: [4000, 0], sum: 4000)
        #expect(histogram.reading == .histogram(expected))
        #expect((0..<10).allSatisfy { family.child("\($0)").value == 400 })
    }
}

@Suite struct `Metric families` {
    @Test func `hand out the same child for the same labels`() {
        let family = Registry().counterFamily("weir_x_total", help: "X.", labels: ["a", "b"])
        #expect(family.child("1", "2") === family.child("1", "2"))
        #expect(family.child("1", "2") !== family.child("2", "1"))
    }

    @Test func `fold what exceeds their limit into one child`() {
        let registry = Registry()
        let family = registry.counterFamily("weir_x_total", help: "X.", labels: ["a", "b"], limit: 2)
        family.child("1", "1").increment()
        family.child("2", "2").increment()
        family.child("3", "3").increment()
        family.child("4", "4").increment()
        family.child("1", "1").increment()
        let expected = """
            # HELP weir_x_total X.
            # TYPE weir_x_total counter
            weir_x_total{a="1",b="1"} 2
            weir_x_total{a="2",b="2"} 1
            weir_x_total{a="other",b="other"} 2

            """
        #expect(text(of: registry) == expected)
    }

    @Test func `asked for again are the same`() {
        let registry = Registry()
        registry.counter("weir_x_total", help: "X.").increment()
        #expect(registry.counter("weir_x_total", help: "X.").value == 1)
        let first = registry.histogramFamily("weir_y", help: "Y.", labels: ["a"], bounds: [1])
        #expect(first === registry.histogramFamily("weir_y", help: "Y.", labels: ["a"], bounds: [1]))
    }

    @Test func `another type, help text, label or bound for a known name traps`() async {
        await #expect(processExitsWith: .failure) {
            let registry = Registry()
            _ = registry.gauge("weir_x", help: "X.")
            _ = registry.histogram("weir_x", help: "X.")
        }
        await #expect(processExitsWith: .failure) {
            let registry = Registry()
            _ = registry.gauge("weir_x", help: "X.")
            _ = registry.counter("weir_x_total", help: "X.")
        }
        await #expect(processExitsWith: .failure) {
            let registry = Registry()
            _ = registry.gauge("weir_x", help: "X.")
            _ = registry.gauge("weir_x", help: "Another.")
        }
        await #expect(processExitsWith: .failure) {
            _ = Registry().gaugeFamily("weir_x", help: "X.", labels: ["a"]).child("1", "2")
        }
    }

    @Test func `names that no scraper takes trap`() async {
        await #expect(processExitsWith: .failure) { _ = Registry().counter("weir_x", help: "X.") }
        await #expect(processExitsWith: .failure) { _ = Registry().gauge("weir_x_total", help: "X.") }
        await #expect(processExitsWith: .failure) { _ = Registry().gauge("weir-x", help: "X.") }
        await #expect(processExitsWith: .failure) { _ = Registry().gauge("weir_x_count", help: "X.") }
        await #expect(processExitsWith: .failure) { _ = Registry().gauge("weir_x", help: "") }
        await #expect(processExitsWith: .failure) {
            _ = Registry().gaugeFamily("weir_x", help: "X.", labels: ["le"])
        }
        await #expect(processExitsWith: .failure) {
            _ = Registry().histogram("weir_x", help: "X.", bounds: [1, 1])
        }
    }
}

private func text(of registry: Registry) -> String {
    String(decoding: registry.exposition(as: .prometheusText), as: UTF8.self)
}
