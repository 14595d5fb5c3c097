internal import Core

/// Samples to the answers of the metrics endpoints. Contract noetl §1.3.
enum SamplesEncoder {
    /// The page of a query; `next` is the start of the next page when the client asked for pages, nil on the last one.
    static func query(
        _ page: SamplesStore.Page,
        limit: Int,
        next: String?? = nil
    ) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 512 * page.samples.count + 64)
        var times = TimeTexts()
        var count = 0
        writer.object { answer in
            answer.array("metrics") { list in
                // A series without a row went with its component, between two queries.
                for sample in page.samples {
                    guard let series = page.texts[sample.series] else { continue }
                    list.object { encode(sample, series, &times, &$0) }
                    count += 1
                }
            }
            answer.member("count", count)
            answer.member("limit", limit)
            if let next { answer.member("next_cursor", next) }
        }
        return writer.bytes
    }

    private static let metricID = Array(#""metric_id":"#.utf8)

    private static func encode(
        _ sample: StoredSample,
        _ series: SeriesText,
        _ times: inout TimeTexts,
        _ object: inout JSONWriter
    ) {
        object.raw(upToValue: metricID)
        object.value(sample.metricID)
        object.raw(upToValue: series.upToValue)
        value(sample.value, &object)
        object.raw(series.behind)
        object.raw(times.at.member(sample.at))
        object.raw(times.arrival.member(sample.receivedAt))
        if let exemplar = sample.exemplar { object.member("exemplar", raw: Array(exemplar.utf8)) }
    }

    /// The members with the last times: the samples of a report mostly have the same.
    private struct TimeTexts {
        struct Last {
            private let name: String
            private var time: Timestamp?
            private var text: [UInt8] = []

            init(_ name: String) {
                self.name = name
            }

            mutating func member(_ time: Timestamp) -> [UInt8] {
                if time != self.time {
                    (self.time, text) = (time, Array("\"\(name)\":\"\(time.isoformat)\"".utf8))
                }
                return text
            }
        }

        var at = Last("timestamp")
        var arrival = Last("created_at")
    }

    /// JSON has no numbers for these; the original's page failed on them.
    static func value(_ value: Double, _ writer: inout JSONWriter) {
        if value.isNaN {
            writer.value("NaN")
        } else if value.isInfinite {
            writer.value(value < 0 ? "-Inf" : "+Inf")
        } else {
            writer.value(value)
        }
    }
}
