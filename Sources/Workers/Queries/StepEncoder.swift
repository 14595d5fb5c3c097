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
            for (at, value) in group.points {
                list.object { point in
                    point.member("timestamp", at.isoformat)
                    point.key("value")
                    SamplesEncoder.value(value, &point)
                }
            }
        }
    }
}
