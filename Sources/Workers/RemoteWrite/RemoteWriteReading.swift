package import Core

/// Reads messages of remote-write and shows what would be stored: for programs that check the reader. It remembers the
/// labels that it has read, as a server does.
package struct RemoteWriteReading: Sendable {
    /// What a message has.
    package struct Contents: Hashable, Sendable {
        /// In the order of their components and series.
        package var samples: [Sample] = []
        /// How many samples would not be stored.
        package var rejected = 0
    }

    /// A sample with the labels of its series.
    package struct Sample: Hashable, Sendable {
        /// The name of its metric.
        package let name: String
        /// Names and values in turn, sorted by name.
        package let labels: [String]
        /// A digest of what makes the series.
        package let key: UUID128
        /// The bits of its value.
        package let bits: UInt64
        /// Microseconds since 1970.
        package let time: Int64
    }

    private let identities = SeriesIdentities(most: 100)

    /// Makes a reader that has read nothing yet.
    package init() {}

    /// What a message has; nil when it is none of that version.
    package func contents(of bytes: [UInt8], isVersion2: Bool) -> Contents? {
        let version: RemoteWriteVersion = isVersion2 ? .v2 : .v1
        guard let request = try? WriteRequestDecoder.request(bytes, version, identities, ReportLimits())
        else {
            return nil
        }
        var contents = Contents()
        contents.rejected = request.rejected.samples.values.reduce(0, +)
        for entry in request.parts.lazy.flatMap(\.entries).map({ request.entries[$0] }) {
            guard let series = request.series(entry) else { continue }
            for sample in entry.samples {
                contents.samples.append(
                    Sample(
                        name: series.name,
                        labels: series.labels.pairs.flatMap { [$0.name, $0.value] },
                        key: series.key,
                        bits: request.values[sample].bitPattern,
                        time: request.times[sample]
                    )
                )
            }
        }
        return contents
    }
}
