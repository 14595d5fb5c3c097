internal import Core

/// Writes requests of remote-write 1.0.
enum WriteRequestEncoder {
    /// A message; the labels are sorted by name, as the protocol demands.
    static func message(_ series: some Sequence<SeriesSamples>) -> [UInt8] {
        ProtobufWriter.message { message in
            for one in series { message.field(1) { write(one, to: &$0) } }
        }
    }

    private static func write(_ samples: SeriesSamples, to series: inout ProtobufWriter) {
        let name = LabelSet.Pair(name: "__name__", value: samples.name)
        let labels = (samples.labels + [name]).sorted { left, right in
            left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
        }
        for label in labels {
            series.field(1) { pair in
                pair.field(1, label.name)
                pair.field(2, label.value)
            }
        }
        for (time, value) in zip(samples.times, samples.values) {
            series.field(2) { sample in
                sample.field(1, bits: value.bitPattern)
                sample.field(2, integer: time)
            }
        }
    }
}
