internal import Core

/// The answer to a query with a step. Contract noetl §7.5.
enum StepEncoder {
    static func answer(_ groups: [StepStore.Group], to query: StepQuery) -> [UInt8] {
        let points = groups.reduce(0) { $0 + $1.points.count }
        var writer = JSONWriter(reservingCapacity: 256 * groups.count + 80 * points + 64)
        writer.object { answer in
            answer.array("series") { list in
                for group in groups { list.object { series(group, &$0) } }
            }
            answer.member("count", groups.count)
            answer.member("step", query.stepText)
            answer.member("agg", query.aggregation.rawValue)
        }
        return writer.bytes
    }

    private static func series(_ group: StepStore.Group, _ series: inout JSONWriter) {
        series.member("component_name", group.componentName)
        series.member("component_type", group.componentType)
        series.member("metric_name", group.metricName)
        series.member("metric_type", group.metricType)
        if let labels = group.labels.json {
            series.member("labels", raw: labels)
        } else {
            series.null("labels")
        }
        series.array("points") { list in
            var point: [UInt8] = []
            for (at, value) in group.points {
                point.removeAll(keepingCapacity: true)
                append(at, value, to: &point)
                list.raw(point)
            }
        }
    }

    /// A point as JSON. There are up to a hundred thousand, so it is put together from few pieces.
    private static func append(_ at: Timestamp, _ value: Double, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: #"{"timestamp":""#.utf8)
        at.appendIsoformat(to: &bytes)
        bytes.append(contentsOf: #"","value":"#.utf8)
        if value.isFinite {
            bytes.append(contentsOf: FloatText.python(value).utf8)
        } else {
            var writer = JSONWriter()
            SamplesEncoder.value(value, &writer)
            bytes.append(contentsOf: writer.bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }
}
