internal import Core
internal import Synchronization

/// What a metric says in every report: all but its value and time. Any thread.
final class MetricIdentity: Sendable {
    let name: String
    let type: MetricType
    let labels: LabelSet
    let help: String?
    let unit: String?
    /// From labels that are references; nil when there are none.
    let references: Exemplar?
    // Guards the series of the component that was asked for last: mostly there is one.
    private let last = Mutex<(component: ComponentKey, series: Series)?>(nil)

    init(
        name: String,
        type: MetricType,
        labels: LabelSet,
        help: String?,
        unit: String?,
        references: Exemplar? = nil
    ) {
        self.name = name
        self.type = type
        self.labels = labels
        self.help = help
        self.unit = unit
        self.references = references
    }

    /// The series of the metric of a component.
    func series(of component: ComponentKey) -> Series {
        last.withLock { last in
            if let last, last.component == component { return last.series }
            let series = Series(of: component, name, type, labels, help: help, unit: unit)
            last = (component, series)
            return series
        }
    }
}

/// Metrics that were read before, by the bytes that described them: a worker repeats them in each report, and reading
/// them takes most of the time of a report. Any thread.
final class MetricIdentities: Sendable {
    /// 64 bits of a keyed hash, which a sender can't know, and 64 others.
    struct Key: Hashable {
        fileprivate var keyed: Int
        fileprivate var mixed: UInt64
    }

    private struct Guarded {
        var known: [Key: MetricIdentity] = [:]
        var bytes = 0
    }

    /// Beyond either, all are forgotten: what is still sent comes back.
    private static let most = 65_536
    private static let mostBytes = 32 << 20
    // Guards the metrics.
    private let guarded = Mutex(Guarded())

    /// How many are known, and what they take, in bytes, about.
    var size: (count: Int, bytes: Int) { guarded.withLock { ($0.known.count, $0.bytes) } }

    subscript(key: Key) -> MetricIdentity? {
        guarded.withLock { $0.known[key] }
    }

    /// Keeps a metric, but not one that refers to a trace: the next sample refers to another one.
    func insert(_ identity: MetricIdentity, _ key: Key) {
        guard identity.references == nil else { return }
        guarded.withLock { guarded in
            if guarded.known.count >= Self.most || guarded.bytes + identity.bytes > Self.mostBytes {
                guarded = Guarded()
            }
            guard guarded.known.updateValue(identity, forKey: key) == nil else { return }
            guarded.bytes += identity.bytes
        }
    }
}

extension MetricIdentity {
    /// What it takes, about: its texts, and objects and arrays around them.
    fileprivate var bytes: Int {
        labels.pairs.reduce(256 + name.utf8.count + (help?.utf8.count ?? 0) + (unit?.utf8.count ?? 0)) {
            $0 + 64 + $1.name.utf8.count + $1.value.utf8.count
        }
    }
}

extension MetricIdentities.Key {
    /// The key of parts of a body, in this order; nil for one that is not there.
    init(_ parts: JSONNode?...) {
        var hasher = Hasher()
        var mixed: UInt64 = 0x9E37_79B9_7F4A_7C15
        for part in parts {
            guard let part else {
                hasher.combine(-1)
                mixed &*= 0xBF58_476D_1CE4_E5B9
                continue
            }
            part.rawBytes.withUnsafeBytes { bytes in
                hasher.combine(bytes.count)
                hasher.combine(bytes: bytes)
                Self.mix(bytes, into: &mixed)
            }
        }
        keyed = hasher.finalize()
        self.mixed = mixed
    }

    private static func mix(_ bytes: UnsafeRawBufferPointer, into mixed: inout UInt64) {
        func step(_ word: UInt64) {
            mixed = (mixed ^ word) &* 0x94D0_49BB_1331_11EB
            mixed ^= mixed >> 29
        }
        var offset = 0
        while offset + 8 <= bytes.count {
            step(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        for byte in bytes[offset...] { step(UInt64(byte)) }
        step(UInt64(bytes.count))
    }
}
