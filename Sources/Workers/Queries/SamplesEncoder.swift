internal import Core

/// Samples to the answers of the metrics endpoints. Contract noetl §1.3.
enum SamplesEncoder {
    /// The page of a query; `next` is the start of the next page when the client asked for pages, nil on the last one.
    static func query(
        _ samples: [StoredSample],
        of series: [Int32: SeriesText],
        limit: Int,
        next: String?? = nil
    ) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 512 * samples.count + 64)
        var times = TimeTexts()
        var count = 0
        writer.object { answer in
            answer.array("metrics") { list in
                // A series without a row went with its component, between two queries.
                for sample in samples {
                    guard let series = series[sample.series] else { continue }
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

    private static func encode(
        _ sample: StoredSample,
        _ series: SeriesText,
        _ times: inout TimeTexts,
        _ object: inout JSONWriter
    ) {
        object.member("metric_id", sample.metricID)
        object.raw(series.before)
        object.key("metric_value")
        value(sample.value, &object)
        object.raw(series.behind)
        object.member("timestamp", times.at.text(sample.at))
        object.member("created_at", times.arrival.text(sample.receivedAt))
        if let exemplar = sample.exemplar { object.member("exemplar", raw: Array(exemplar.utf8)) }
    }

    /// The texts of the last times: the samples of a report mostly have the same.
    private struct TimeTexts {
        struct Last {
            private var time = Timestamp.epoch
            private var text = Timestamp.epoch.isoformat

            mutating func text(_ time: Timestamp) -> String {
                if time != self.time { (self.time, text) = (time, time.isoformat) }
                return text
            }
        }

        var at = Last()
        var arrival = Last()
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
