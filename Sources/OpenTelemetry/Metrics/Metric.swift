/// Metrics of one resource and one instrumentation scope: what OTLP sends together.
package struct MetricBatch: Hashable, Sendable {
    /// Who the metrics are of: `service.name` and the like.
    package var resource: [Attribute]
    package var scope: SpanBatch.Scope
    package var metrics: [Metric]

    /// Makes a batch.
    package init(resource: [Attribute], scope: SpanBatch.Scope, metrics: [Metric]) {
        self.resource = resource
        self.scope = scope
        self.metrics = metrics
    }
}

/// A metric as OTLP has it, `opentelemetry.proto.metrics.v1.Metric`. Times are nanoseconds since 1970.
package struct Metric: Hashable, Sendable {
    package var name: String
    package var description: String
    /// As UCUM spells it: `s`, `By`, `{request}`.
    package var unit: String
    package var data: Content

    /// What a metric consists of.
    package enum Content: Hashable, Sendable {
        case gauge([NumberPoint])
        case sum([NumberPoint], Temporality, isMonotonic: Bool)
        case histogram([HistogramPoint], Temporality)
        case exponentialHistogram([ExponentialPoint], Temporality)
        case summary([SummaryPoint])
    }

    /// Since when a point counts; the numbers are OTLP's.
    package enum Temporality: Int, Hashable, Sendable {
        case unspecified = 0
        /// Since the point before.
        case delta = 1
        /// Since the start of the process.
        case cumulative = 2
    }

    /// Makes a metric.
    package init(_ name: String, description: String = "", unit: String = "", _ data: Content) {
        self.name = name
        self.description = description
        self.unit = unit
        self.data = data
    }
}

extension Metric {
    /// A number, which is a double or an integer on the wire.
    package enum Number: Hashable, Sendable {
        case double(Double)
        case int(Int64)

        /// The nearest double.
        package var double: Double {
            switch self {
            case .double(let number): number
            case .int(let number): Double(number)
            }
        }
    }

    /// What every point has.
    package struct Place: Hashable, Sendable {
        package var attributes: [Attribute] = []
        /// Since when it counts; 0 for unknown.
        package var start: UInt64 = 0
        package var time: UInt64 = 0
        /// Bit 0 says that there is no value: the series ended.
        package var flags: UInt32 = 0

        /// Whether the point says that its series ended.
        package var isEnd: Bool { flags & 1 == 1 }

        /// Makes a place.
        package init(_ attributes: [Attribute] = [], start: UInt64 = 0, time: UInt64 = 0) {
            self.attributes = attributes
            self.start = start
            self.time = time
        }
    }

    /// One measurement among those of a point.
    package struct Exemplar: Hashable, Sendable {
        /// Those that the point does not have.
        package var attributes: [Attribute] = []
        package var time: UInt64 = 0
        /// Nil if the wire has none.
        package var value: Number?
        package var traceID: TraceID?
        package var spanID: SpanID?

        /// Makes an exemplar.
        package init(time: UInt64 = 0, value: Number? = nil, traceID: TraceID? = nil, spanID: SpanID? = nil) {
            self.time = time
            self.value = value
            self.traceID = traceID
            self.spanID = spanID
        }
    }

    /// A point of a gauge or a sum.
    package struct NumberPoint: Hashable, Sendable {
        package var place: Place
        /// Nil if the wire has none.
        package var value: Number?
        package var exemplars: [Exemplar] = []

        /// Makes a point.
        package init(_ place: Place, _ value: Number?) {
            self.place = place
            self.value = value
        }
    }

    /// What a histogram's point has besides its buckets.
    package struct Totals: Hashable, Sendable {
        package var count: UInt64 = 0
        /// Nil when it is not monotonic.
        package var sum: Double?
        package var min: Double?
        package var max: Double?

        /// Makes totals.
        package init(count: UInt64 = 0, sum: Double? = nil) {
            self.count = count
            self.sum = sum
        }
    }

    /// A point of a histogram.
    package struct HistogramPoint: Hashable, Sendable {
        package var place: Place
        package var totals = Totals()
        /// One more than `bounds`, or none of both.
        package var counts: [UInt64] = []
        /// Upper bounds, ascending; they are part of their bucket.
        package var bounds: [Double] = []
        package var exemplars: [Exemplar] = []

        /// Makes a point.
        package init(_ place: Place, _ totals: Totals, counts: [UInt64] = [], bounds: [Double] = []) {
            self.place = place
            self.totals = totals
            self.counts = counts
            self.bounds = bounds
        }
    }

    /// A point of an exponential histogram.
    package struct ExponentialPoint: Hashable, Sendable {
        package var place: Place
        package var totals = Totals()
        /// The base of the buckets is 2^(2^-scale).
        package var scale: Int32 = 0
        package var zeroCount: UInt64 = 0
        /// Up to which magnitude a value counts as zero.
        package var zeroThreshold = 0.0
        package var positive: Buckets?
        package var negative: Buckets?
        package var exemplars: [Exemplar] = []

        /// Makes a point.
        package init(_ place: Place, _ totals: Totals, scale: Int32) {
            self.place = place
            self.totals = totals
            self.scale = scale
        }
    }

    /// Buckets of one sign: that of index i has the magnitudes above base^i up to base^(i+1).
    package struct Buckets: Hashable, Sendable {
        /// The index of the first count.
        package var offset: Int32 = 0
        package var counts: [UInt64] = []

        /// Makes buckets.
        package init(offset: Int32 = 0, counts: [UInt64] = []) {
            self.offset = offset
            self.counts = counts
        }
    }

    /// A point of a summary.
    package struct SummaryPoint: Hashable, Sendable {
        package var place: Place
        package var count: UInt64 = 0
        package var sum = 0.0
        package var quantiles: [Quantile] = []

        /// A quantile, from 0 to 1, and its value.
        package struct Quantile: Hashable, Sendable {
            package var quantile: Double
            package var value: Double

            /// Makes a quantile.
            package init(_ quantile: Double, _ value: Double) {
                self.quantile = quantile
                self.value = value
            }
        }

        /// Makes a point.
        package init(_ place: Place, count: UInt64 = 0, sum: Double = 0, quantiles: [Quantile] = []) {
            self.place = place
            self.count = count
            self.sum = sum
            self.quantiles = quantiles
        }
    }
}
