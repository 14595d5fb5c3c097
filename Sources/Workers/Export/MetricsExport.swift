internal import Core

/// The text of `GET /api/metrics/prometheus`. Contract noetl §1.5.
struct MetricsExport {
    /// Nil for all components.
    var componentID: Int64?
    var componentName: String?
    /// How long after its arrival a sample is shown; nil for five minutes.
    var window: Duration?
    /// Names of families or of lines; empty for all.
    var names: Set<[UInt8]> = []
    /// A series is shown that one of them matches; empty for all.
    var selectors: [SeriesSelector] = []
    var format = ExpositionFormat.text
    /// How many steps patterns may try.
    var mostWork = Int.max

    /// The patterns try more than that; reports would wait for them.
    struct TooMuchWork: Error {}

    /// Renders what is fresh.
    ///
    /// The table is locked for one family at a time, so that reports go on meanwhile.
    func render(_ values: LatestValues, at now: Timestamp) throws(TooMuchWork) -> [UInt8] {
        var work = mostWork
        let oldest = now - (window ?? values.limits.window)
        let plan = values.withTable { table in
            (
                families: table.sortedFamilies().map { (number: $0, name: table.families[Int($0)]?.name) },
                bytes: table.count * 128
            )
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(plan.bytes, 1 << 24))
        var names = format == .openMetrics ? Set(plan.families.compactMap(\.name)) : []
        // Names of lines of histograms and summaries. A family that is called so would repeat them, and no parser would
        // take the rest. It comes later, since it begins with the other's name.
        var taken: Set<String> = []
        for family in plan.families {
            values.withTable { table in
                // Its number may be another family's by now.
                guard let sorted = table.sortedFamily(family.number), sorted.name == family.name,
                    !taken.contains(sorted.name)
                else { return }
                let lines = lines(of: sorted, table, since: oldest, &work)
                guard !lines.isEmpty else { return }
                var writer = FamilyWriter(family: sorted, format: format, names: names)
                let new = writer.append(lines, table, to: &bytes)
                taken.formUnion(new)
                names.formUnion(new)
            }
            guard work > 0 else { throw TooMuchWork() }
        }
        if format == .openMetrics { bytes.append(contentsOf: "# EOF\n".utf8) }
        // An empty export is one line feed.
        return bytes.isEmpty ? [UInt8(ascii: "\n")] : bytes
    }

    /// The numbers of the series to show; of those that read the same only the newest.
    private func lines(
        of family: SeriesFamily,
        _ table: SeriesTable,
        since oldest: Timestamp,
        _ work: inout Int
    ) -> [Int32] {
        var lines: [Int32] = []
        lines.reserveCapacity(family.members.count)
        for number in family.members {
            let slot = table.slots[Int(number)]
            guard slot.at != .earliest, slot.receivedAt >= oldest, !slot.value.isStaleMarker,
                work > 0, isMeant(slot, family, table, &work)
            else {
                continue
            }
            if let last = lines.last {
                let before = table.slots[Int(last)]
                if before.suffix == slot.suffix, before.labels == slot.labels {
                    if before.at <= slot.at { lines[lines.count - 1] = number }
                    continue
                }
            }
            lines.append(number)
        }
        return lines
    }

    private func isMeant(
        _ slot: SeriesTable.Slot,
        _ family: SeriesFamily,
        _ table: SeriesTable,
        _ work: inout Int
    ) -> Bool {
        if componentID != nil || componentName != nil {
            guard let component = table.owners[Int(slot.component)]?.component else { return false }
            if let componentID {
                guard component.id == componentID else { return false }
            } else if let componentName {
                guard component.key.name.utf8.elementsEqual(componentName.utf8) else { return false }
            }
        }
        guard !names.isEmpty || !selectors.isEmpty else { return true }
        let name = Array(family.name.utf8) + slot.suffix.bytes
        if !names.isEmpty, !names.contains(name), !names.contains(Array(family.name.utf8)) { return false }
        guard !selectors.isEmpty else { return true }
        let labels = LabelText(bytes: slot.labels).labels
        return selectors.contains { $0.matches(name, labels, &work) }
    }
}
