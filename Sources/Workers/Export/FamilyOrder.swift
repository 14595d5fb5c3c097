internal import Core

/// The order of the lines of a family: by component, then by labels, then by the bound of a bucket. Lines that read the
/// same are neighbours.
enum FamilyOrder {
    /// Where a line belongs.
    private struct Place {
        /// The rank of the component's name.
        let component: Int
        let labels: [UInt8]
        let suffix: UInt8
        let bound: Double
        let text: [UInt8]
        let number: Int32
    }

    /// The numbers of a family's series in their order.
    static func sorted(
        _ family: SeriesFamily,
        _ slots: [SeriesTable.Slot],
        _ owners: [SeriesTable.Owner?]
    ) -> [Int32] {
        let ranks = ranks(family, slots, owners)
        // A bucket stands beside the other lines of its histogram, whatever its bound.
        let hasBounds = family.members.contains { number in
            let slot = slots[Int(number)]
            return slot.suffix != .none || slot.hasBound
        }
        var places: [Place] = []
        places.reserveCapacity(family.members.count)
        for number in family.members {
            let slot = slots[Int(number)]
            let order = hasBounds ? LabelText(bytes: slot.labels).order : (slot.labels, 0)
            places.append(
                Place(
                    component: ranks[slot.component] ?? 0,
                    labels: order.0,
                    suffix: slot.suffix.rawValue,
                    bound: order.1,
                    text: slot.labels,
                    number: number
                )
            )
        }
        places.sort(by: precedes)
        return places.map(\.number)
    }

    private static func ranks(
        _ family: SeriesFamily,
        _ slots: [SeriesTable.Slot],
        _ owners: [SeriesTable.Owner?]
    ) -> [Int32: Int] {
        let components = Set(family.members.map { slots[Int($0)].component })
        func name(_ number: Int32) -> [UInt8] { Array((owners[Int(number)]?.component.key.name ?? "").utf8) }
        let sorted = Set(components.map(name)).sorted { $0.lexicographicallyPrecedes($1) }
        let places = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($1, $0) })
        return Dictionary(uniqueKeysWithValues: components.map { ($0, places[name($0)] ?? 0) })
    }

    private static func precedes(_ left: Place, _ right: Place) -> Bool {
        if left.component != right.component { return left.component < right.component }
        if left.labels != right.labels { return left.labels.lexicographicallyPrecedes(right.labels) }
        if left.suffix != right.suffix { return left.suffix < right.suffix }
        if left.bound != right.bound { return left.bound < right.bound }
        return left.text.lexicographicallyPrecedes(right.text)
    }
}
