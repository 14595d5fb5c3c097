internal import Core
internal import Ingest
internal import Synchronization

/// The pushed groups in memory, and their series in the export. Any thread.
///
/// Changes may come in any order, and more than once: from the request when its line is durable, from this Weir's loader,
/// and from PostgreSQL. Of two changes the one with the later id wins.
final class PushGroups: Sendable {
    private struct Guarded {
        var entries: [UUID128: PushEntry] = [:]
        var shown = 0
        var refused: [Refusal: Int] = [:]
        /// Nothing expires before.
        var nextExpiry = Timestamp.epoch
    }

    /// Why a push was refused: the label of a metric.
    enum Refusal: String, CaseIterable, Sendable {
        case invalid, inconsistent
        case tooManyGroups = "too_many_groups"
        case tooManySeries = "too_many_series"
        case tooManyComponents = "too_many_components"
        case notStored = "not_stored"
    }

    /// How long a deleted group is remembered: its rows may be read before the deletion is loaded.
    private static let tombstone = Duration.seconds(3600)
    private let latest: LatestValues
    private let limit: Int
    // Guards the entries; the table of the export is changed while it is held.
    private let guarded = Mutex(Guarded())

    /// `limit` is the most groups that are shown.
    init(latest: LatestValues, limit: Int) {
        self.latest = latest
        self.limit = limit
    }

    /// How many groups are shown.
    var count: Int { guarded.withLock { $0.shown } }

    /// How many pushes were refused.
    var refused: [Refusal: Int] { guarded.withLock { $0.refused } }

    /// Counts a refused push.
    func countRefusal(_ refusal: Refusal) {
        guarded.withLock { $0.refused[refusal, default: 0] += 1 }
    }

    /// Whether there is room for a push; nil if so.
    func refusal(of change: PushChange) -> Refusal? {
        guarded.withLock { guarded in
            let entry = guarded.entries[change.group.key]
            guard entry?.isShown == true || guarded.shown < limit else { return .tooManyGroups }
            var old = 0
            let names = Set(change.families.map(\.name))
            for (name, family) in entry?.families ?? [:]
            where change.action == .replace || names.contains(name) {
                old += family.keys.count
            }
            // Two series are its times.
            let new = change.families.reduce(entry?.isShown == true ? 0 : 2) { $0 + $1.lines.count }
            let count = latest.seriesCount(of: change.group.component)
            return count - old + new > latest.limits.seriesOfComponent ? .tooManySeries : nil
        }
    }

    // MARK: - Changes

    /// Takes a durable change.
    func apply(_ change: PushChange, of component: Component) {
        guarded.withLock { guarded in
            let known = guarded.entries[change.group.key]
            var entry = known ?? PushEntry(group: change.group, component: component)
            if change.action != .delete, change.id > max(entry.pushedID, entry.failedID) {
                entry.expiresAt = change.expiresAt
            }
            switch change.action {
            case .replace: entry.clearedID = max(entry.clearedID, change.id)
            case .add: break
            case .delete:
                entry.clearedID = max(entry.clearedID, change.id)
                entry.deletedID = max(entry.deletedID, change.id)
            case .fail: entry.failedID = max(entry.failedID, change.id)
            }
            if change.action == .replace || change.action == .add {
                entry.pushedID = max(entry.pushedID, change.id)
            }
            let families = change.families.map { ($0, change.id, change.expiresAt) }
            settle(&entry, adding: families, &guarded)
        }
    }

    /// Takes a group as PostgreSQL has it.
    func merge(_ stored: StoredGroup) {
        guarded.withLock { guarded in
            var entry =
                guarded.entries[stored.group.key]
                ?? PushEntry(group: stored.group, component: stored.component)
            if max(stored.pushedID, stored.failedID) > max(entry.pushedID, entry.failedID) {
                entry.expiresAt = stored.expiresAt
            }
            entry.clearedID = max(entry.clearedID, stored.clearedID)
            entry.deletedID = max(entry.deletedID, stored.deletedID)
            entry.failedID = max(entry.failedID, stored.failedID)
            entry.pushedID = max(entry.pushedID, stored.pushedID)
            let families = stored.families.map { ($0.family, $0.pushedID, $0.expiresAt) }
            settle(&entry, adding: families, &guarded)
        }
    }

    /// Brings the export up to date with an entry and what it got.
    private func settle(
        _ entry: inout PushEntry,
        adding families: [(PushedFamily, id: Int64, expiresAt: Timestamp?)],
        _ guarded: inout Guarded
    ) {
        var removed: Set<UUID128> = []
        var added: [LatestValues.Pushed] = []
        for (name, family) in entry.families where family.pushedID < entry.clearedID {
            removed.formUnion(family.keys)
            entry.families[name] = nil
        }
        for (family, id, expiresAt) in families where id >= entry.clearedID {
            if let old = entry.families[family.name] {
                guard id > old.pushedID else { continue }
                removed.formUnion(old.keys)
            }
            let series = family.samples(of: entry.group, at: PushChange.time(of: id)).map {
                LatestValues.Pushed(key: entry.group.key(of: $0), component: entry.component, sample: $0)
            }
            entry.families[family.name] = PushEntry.Family(
                pushedID: id,
                expiresAt: expiresAt,
                keys: series.map(\.key)
            )
            if let expiresAt { guarded.nextExpiry = min(guarded.nextExpiry, expiresAt) }
            added += series
        }
        if let expiresAt = entry.expiresAt { guarded.nextExpiry = min(guarded.nextExpiry, expiresAt) }
        let isShown = max(entry.pushedID, entry.failedID) > entry.deletedID
        let times = entry.times
        if isShown { added += times } else { removed.formUnion(times.map(\.key)) }
        latest.replacePushed(removing: removed.subtracting(added.map(\.key)), adding: added)
        if entry.isShown != isShown { guarded.shown += isShown ? 1 : -1 }
        entry.isShown = isShown
        guarded.entries[entry.group.key] = entry
        // A flood of deletions must not grow the memory.
        if guarded.entries.count > guarded.shown + max(limit, 1000) {
            guarded.entries = guarded.entries.filter { $0.value.isShown }
        }
    }

    // MARK: - Lifetimes

    /// Removes what has expired, and forgets groups that have been gone for an hour. Cheap while nothing expires.
    func expire(at now: Timestamp) {
        guarded.withLock { guarded in
            guard guarded.nextExpiry <= now else { return }
            guarded.nextExpiry = now + .seconds(600)
            for (key, old) in guarded.entries {
                var entry = old
                expire(&entry, at: now, &guarded)
                let lastID = max(entry.pushedID, entry.failedID, entry.clearedID)
                let isForgotten = !entry.isShown && now - PushChange.time(of: lastID) > Self.tombstone
                guarded.entries[key] = isForgotten ? nil : entry
            }
        }
    }

    private func expire(_ entry: inout PushEntry, at now: Timestamp, _ guarded: inout Guarded) {
        var removed: Set<UUID128> = []
        for (name, family) in entry.families {
            guard let expiresAt = family.expiresAt else { continue }
            if expiresAt <= now {
                removed.formUnion(family.keys)
                entry.families[name] = nil
            } else {
                guarded.nextExpiry = min(guarded.nextExpiry, expiresAt)
            }
        }
        let isOver = entry.expiresAt.map { $0 <= now } ?? false
        if entry.isShown, entry.families.isEmpty, isOver {
            removed.formUnion(entry.times.map(\.key))
            entry.isShown = false
            guarded.shown -= 1
        } else if let expiresAt = entry.expiresAt, expiresAt > now {
            guarded.nextExpiry = min(guarded.nextExpiry, expiresAt)
        }
        if !removed.isEmpty { latest.replacePushed(removing: removed, adding: []) }
    }
}
