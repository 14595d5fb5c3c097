internal import Core

/// What a rule has found, as often as it has found it.
struct Firing: Sendable {
    /// As it was found last.
    var finding: Finding
    let rule: AlertRule
    /// When it was found first.
    let beganAt: Timestamp
    var count: Int64 = 1
}

/// What rules have found since it was stored last. Findings of a rule with the same key are one firing: a message tells of
/// the last, and how many there were.
struct Firings {
    private struct Key: Hashable {
        let rule: UUID128
        let key: String
    }

    private(set) var list: [Firing] = []
    private var places: [Key: Int] = [:]

    mutating func add(_ finding: Finding, of rule: AlertRule) {
        let finding = finding.bounded
        let key = Key(rule: rule.id, key: finding.key)
        if let place = places[key] {
            let last = list[place].finding.at
            list[place].finding = finding
            list[place].finding.at = max(last, finding.at)
            list[place].count += 1
            return
        }
        // Without a cooldown, each event that is over at once has a message of its own.
        if !finding.isMomentary || rule.cooldown > 0 { places[key] = list.count }
        list.append(Firing(finding: finding, rule: rule, beganAt: finding.at))
    }

    /// All of them; none are left.
    mutating func takeAll() -> [Firing] {
        defer { self = Firings() }
        return list
    }
}

/// A firing that is stored.
struct FiredIncident: Sendable {
    var incident: Incident
    let rule: AlertRule
    /// Whether it fired before.
    let isKnown: Bool
    /// How often it fired now.
    let count: Int64
}
