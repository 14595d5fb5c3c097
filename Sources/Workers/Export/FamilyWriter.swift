internal import Core

/// Writes one family of an export: its description, then its lines.
struct FamilyWriter {
    private let family: SeriesFamily
    private let format: ExpositionFormat
    /// The name that the description gives; in OpenMetrics without a counter's `_total`.
    private var name: String
    private var type: String

    /// `names` are the names of all families, and of lines of others: a counter is not renamed to one of them.
    init(family: SeriesFamily, format: ExpositionFormat, names: Set<String>) {
        self.family = family
        self.format = format
        name = family.name
        type = family.type.rawValue
        guard format == .openMetrics, family.type == .counter else { return }
        let base = name.hasSuffix("_total") && name.utf8.count > 6 ? String(name.dropLast(6)) : name
        let isTaken = base == name ? names.contains("\(name)_total") : names.contains(base)
        // `unknown` would be exact, but promtool does not know it.
        if isTaken { type = "gauge" } else { name = base }
    }

    /// Writes lines; returns the names that they have beside the family's.
    mutating func append(_ lines: [Int32], _ table: SeriesTable, to bytes: inout [UInt8]) -> Set<String> {
        var lines = lines
        if !lines.allSatisfy({ fits(table.slots[Int($0)]) }) {
            // Lines of another type have the same name, and no parser would take them for this one.
            type = format == .openMetrics ? "gauge" : "untyped"
            if format == .openMetrics { lines.removeAll { table.slots[Int($0)].suffix != .none } }
            guard !lines.isEmpty else { return [] }
        }
        describe(&bytes)
        let name = Array(family.name.utf8)
        let plain = type == "counter" && format == .openMetrics ? Array("\(self.name)_total".utf8) : name
        let suffixed = [
            plain, name + Array("_bucket".utf8), name + Array("_count".utf8), name + Array("_sum".utf8),
        ]
        var suffixes: Set<SeriesLine.Suffix> = []
        for number in lines {
            let slot = table.slots[Int(number)]
            if slot.suffix != .none { suffixes.insert(slot.suffix) }
            bytes.append(contentsOf: suffixed[Int(slot.suffix.rawValue)])
            bytes.append(contentsOf: slot.labels)
            bytes.append(UInt8(ascii: " "))
            SampleText.append(slot.value, to: &bytes)
            if format == .openMetrics, let exemplar = table.exemplars[number], mayHaveExemplar(slot) {
                SampleText.append(exemplar, of: slot, to: &bytes)
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        return Set(suffixes.map { "\(family.name)\($0.text)" })
    }

    private func describe(_ bytes: inout [UInt8]) {
        bytes.append(contentsOf: "# HELP \(name) ".utf8)
        SeriesLine.escape(family.helpText, quotes: format == .openMetrics, to: &bytes)
        bytes.append(contentsOf: "\n# TYPE \(name) \(type)\n".utf8)
        guard format == .openMetrics, let unit = family.unit, ExpositionName.metric(unit) == unit,
            name.hasSuffix("_\(unit)"), name.utf8.count > unit.utf8.count + 1
        else { return }
        bytes.append(contentsOf: "# UNIT \(name) \(unit)\n".utf8)
    }

    /// Whether a line can belong to the family's type.
    private func fits(_ slot: SeriesTable.Slot) -> Bool {
        switch family.type {
        case .counter, .gauge: slot.suffix == .none
        case .histogram:
            slot.suffix == .bucket ? slot.hasBound : slot.suffix != .none
        case .summary:
            slot.suffix == .none ? slot.hasBound : slot.suffix != .bucket
        }
    }

    private func mayHaveExemplar(_ slot: SeriesTable.Slot) -> Bool {
        type == "counter" || type == "histogram" && slot.suffix == .bucket
    }
}

extension SeriesLine.Suffix {
    var bytes: [UInt8] { Array("\(text)".utf8) }
}
