import WeirClient

/// A line by which a command reports counts and metrics to Weir: `::weir items_failed=1 metric.pages=310`.
enum Directive {
    static func apply(_ line: String, to run: TrackedRun) {
        for word in line.dropFirst("::weir ".count).split(whereSeparator: \.isWhitespace) {
            let parts = word.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let (name, text) = (parts[0], parts[1])
            if name.hasPrefix("metric."), let value = Double(text), value.isFinite {
                run.setMetric(String(name.dropFirst("metric.".count)), value)
            }
            guard let count = Int(text) else { continue }
            switch name {
            case "items_discovered": run.setItems(discovered: count)
            case "items_succeeded": run.setItems(succeeded: count)
            case "items_failed": run.setItems(failed: count)
            case "items_skipped": run.setItems(skipped: count)
            default: break
            }
        }
    }
}
