internal import Core

/// Every series with its latest value, packed: 100,000 of them take less than 50 MB.
///
/// A series has a number, under which its family, its component and the index of keys know it. Numbers of forgotten
/// series are given out again. The owner holds a lock.
struct SeriesTable: Sendable {
    /// One series.
    struct Slot: Sendable {
        var key: UUID128
        /// `{labels}`, as every export shows them.
        var labels: [UInt8]
        var value: Double
        /// `Timestamp.earliest` until the first sample is durable.
        var at: Timestamp
        /// `Timestamp.latest` for a pushed series, which is shown until it is removed.
        var receivedAt: Timestamp
        /// Negative when no scraper would accept the name, and for a free number.
        var family: Int32
        var component: Int32
        /// By which its line was made.
        var type: MetricType
        var suffix: SeriesLine.Suffix
        /// Whether it is a bucket of a histogram or a quantile of a summary.
        var hasBound: Bool
        var isUsed: Bool
    }

    /// A component with series.
    struct Owner: Sendable {
        var component: Component
        var series = 0
        /// When a sample was dropped and somebody was told.
        var toldAt: Timestamp?
    }

    private(set) var slots: [Slot] = []
    private var free: [Int32] = []
    private var lastLabels: [UInt8] = []
    private var numbers: [UUID128: Int32] = [:]
    private(set) var families: [SeriesFamily?] = []
    private var freeFamilies: [Int32] = []
    private var familyNumbers: [String: Int32] = [:]
    /// The numbers of families by their names; nil when one came or went.
    private var familyOrder: [Int32]?
    private(set) var owners: [Owner?] = []
    private var freeOwners: [Int32] = []
    private var ownerNumbers: [ComponentKey: Int32] = [:]
    /// Few samples have one: they are kept apart.
    private(set) var exemplars: [Int32: Exemplar] = [:]

    /// How many series there are.
    var count: Int { numbers.count }

    /// The number of a series.
    func number(of key: UUID128) -> Int? { numbers[key].map(Int.init) }

    /// The number of a series of remote-write, which remembers it.
    func number(of identity: SeriesIdentity) -> Int? {
        let remembered = identity.slot
        if slots.indices.contains(remembered), slots[remembered].isUsed,
            slots[remembered].key == identity.key
        {
            return remembered
        }
        guard let number = number(of: identity.key) else { return nil }
        identity.slot = number
        return number
    }

    /// How many series a component has.
    func count(of component: ComponentKey) -> Int {
        ownerNumbers[component].flatMap { owners[Int($0)]?.series } ?? 0
    }

    // MARK: - Coming and going

    /// Adds a series that is not there yet; returns its number.
    mutating func insert(_ key: UUID128, _ series: Series, of component: Component, at now: Timestamp) -> Int
    {
        let line = SeriesLine(series, of: component.key)
        // Most metrics of a report have the same labels: they share one array.
        if let line, line.labels != lastLabels { lastLabels = line.labels }
        let slot = Slot(
            key: key,
            labels: line == nil ? [] : lastLabels,
            value: 0,
            at: .earliest,
            receivedAt: now,
            family: line.map { family($0, series.type) } ?? -1,
            component: owner(component),
            type: series.type,
            suffix: line?.suffix ?? .none,
            hasBound: line?.hasBound ?? false,
            isUsed: true
        )
        let number: Int
        if let reused = free.popLast() {
            number = Int(reused)
            slots[number] = slot
        } else {
            number = slots.count
            slots.append(slot)
        }
        numbers[key] = Int32(number)
        if slot.family >= 0 {
            families[Int(slot.family)]?.members.append(Int32(number))
            families[Int(slot.family)]?.isSorted = false
        }
        owners[Int(slot.component)]?.series += 1
        return number
    }

    /// Forgets series.
    mutating func remove(_ removed: [Int]) {
        var touched: Set<Int32> = []
        for number in removed {
            let slot = slots[number]
            numbers[slot.key] = nil
            exemplars[Int32(number)] = nil
            touched.insert(slot.family)
            slots[number].family = -1
            slots[number].labels = []
            slots[number].isUsed = false
            leave(slot.component)
        }
        for family in touched where family >= 0 {
            var members = families[Int(family)]?.members ?? []
            members.removeAll { slots[Int($0)].family != family }
            families[Int(family)]?.members = members
            guard let empty = families[Int(family)], empty.members.isEmpty else { continue }
            familyNumbers[empty.name] = nil
            families[Int(family)] = nil
            freeFamilies.append(family)
            familyOrder = nil
        }
        free += removed.map(Int32.init)
    }

    private mutating func family(_ line: SeriesLine, _ type: MetricType) -> Int32 {
        if let known = familyNumbers[line.family] { return known }
        let number: Int32
        if let reused = freeFamilies.popLast() {
            number = reused
            families[Int(number)] = SeriesFamily(line, type)
        } else {
            number = Int32(families.count)
            families.append(SeriesFamily(line, type))
        }
        familyNumbers[line.family] = number
        familyOrder = nil
        return number
    }

    private mutating func owner(_ component: Component) -> Int32 {
        if let known = ownerNumbers[component.key] {
            // The registry may have given it another id.
            owners[Int(known)]?.component = component
            return known
        }
        let number: Int32
        if let reused = freeOwners.popLast() {
            number = reused
            owners[Int(number)] = Owner(component: component)
        } else {
            number = Int32(owners.count)
            owners.append(Owner(component: component))
        }
        ownerNumbers[component.key] = number
        return number
    }

    private mutating func leave(_ number: Int32) {
        owners[Int(number)]?.series -= 1
        guard let owner = owners[Int(number)], owner.series == 0 else { return }
        ownerNumbers[owner.component.key] = nil
        owners[Int(number)] = nil
        freeOwners.append(number)
    }

    // MARK: - Values

    /// Takes a durable sample of a series. An older one that arrives later does not replace a newer one.
    mutating func take(_ sample: Sample, _ number: Int, at: Timestamp, receivedAt: Timestamp) {
        guard take(sample.value, number, at: at, receivedAt: receivedAt) else { return }
        if let exemplar = sample.exemplar { exemplars[Int32(number)] = exemplar }
        let family = slots[number].family
        if family >= 0 { families[Int(family)]?.describe(sample.series, at: at) }
    }

    /// Takes the description of a series for its family.
    mutating func describe(_ number: Int, _ series: Series, at: Timestamp) {
        let family = slots[number].family
        if family >= 0 { families[Int(family)]?.describe(series, at: at) }
    }

    /// Takes a type and a description that came without their series.
    mutating func describe(_ number: Int, _ type: MetricType, _ description: WriteDescription, at: Timestamp)
    {
        let family = Int(slots[number].family)
        guard family >= 0 else { return }
        families[family]?.describe(type, help: description.help, unit: description.unit, at: at)
    }

    /// Makes the lines of series anew, which have another type now: they may belong to other families.
    mutating func renew(_ series: [Int: Series]) {
        let old = series.keys.compactMap { number in
            owners[Int(slots[number].component)].map { owner in
                (slot: slots[number], component: owner.component, number: number)
            }
        }
        remove(old.map(\.number))
        for (slot, component, number) in old {
            guard let series = series[number] else { continue }
            let new = insert(slot.key, series, of: component, at: slot.receivedAt)
            slots[new].value = slot.value
            slots[new].at = slot.at
        }
    }

    /// Takes a value of a series whose description stays as it is; false if there is a newer one.
    @discardableResult
    mutating func take(_ value: Double, _ number: Int, at: Timestamp, receivedAt: Timestamp) -> Bool {
        if slots[number].receivedAt < receivedAt { slots[number].receivedAt = receivedAt }
        guard slots[number].at <= at else { return false }
        slots[number].at = at
        slots[number].value = value
        return true
    }

    /// The numbers of series whose last sample arrived before a time.
    func idle(before limit: Timestamp) -> [Int] {
        slots.indices.filter { slots[$0].isUsed && slots[$0].receivedAt < limit }
    }

    /// Remembers that somebody was told of the limit of a component; false if it was told less than an hour ago.
    mutating func tell(_ component: ComponentKey, at now: Timestamp) -> Bool {
        guard let number = ownerNumbers[component] else { return false }
        if let told = owners[Int(number)]?.toldAt, now - told < .seconds(3600) { return false }
        owners[Int(number)]?.toldAt = now
        return true
    }

    // MARK: - Order

    /// The families in the order of the export: by name.
    mutating func sortedFamilies() -> [Int32] {
        if let familyOrder { return familyOrder }
        let sorted = familyNumbers.values.sorted { left, right in
            (families[Int(left)]?.name ?? "").utf8.lexicographicallyPrecedes(
                (families[Int(right)]?.name ?? "").utf8
            )
        }
        familyOrder = sorted
        return sorted
    }

    /// A family with its series in the order of the export: by component, then by labels, then by the bound of a
    /// bucket. Lines that read the same are neighbours.
    mutating func sortedFamily(_ number: Int32) -> SeriesFamily? {
        guard let family = families[Int(number)] else { return nil }
        guard !family.isSorted else { return family }
        families[Int(number)]?.members = FamilyOrder.sorted(family, slots, owners)
        families[Int(number)]?.isSorted = true
        return families[Int(number)]
    }
}
