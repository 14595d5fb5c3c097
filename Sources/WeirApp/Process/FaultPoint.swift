package import Configuration
import Glibc
import Synchronization

/// A point at which this process kills itself, so that an experiment can crash it where chance hardly ever would.
///
/// For tests only, and therefore not a setting: `WEIR_FAULT_POINT=loader.before-commit:3` is the third time that the
/// loader is about to commit.
package final class FaultPoint: Sendable {
    /// Where a crash can be placed.
    package enum Place: String, CaseIterable, Sendable {
        /// Rows and position of a batch are written and not committed.
        case loaderBeforeCommit = "loader.before-commit"
        /// The file of a segment exists and has no header yet.
        case journalAfterSegmentCreated = "journal.after-segment-created"
        /// A migration has run and is not committed.
        case migratorBeforeCommit = "migrator.before-commit"
    }

    /// The environment variable that sets it.
    package static let variable = "WEIR_FAULT_POINT"
    /// No crash anywhere.
    package static let none = FaultPoint(nil, times: 0)

    /// The place; nil for none.
    package let place: Place?
    private let timesLeft: Atomic<Int>
    private let segments = Atomic(0)

    private init(_ place: Place?, times: Int) {
        self.place = place
        timesLeft = Atomic(times)
    }

    /// Reads `place:times` from the environment; `none` when the variable is not set.
    package static func read(_ environment: [String: String]) throws(SettingError) -> FaultPoint {
        guard let text = environment[variable], !text.isEmpty else { return .none }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let place = Place(rawValue: String(parts[0])),
            let times = Int(parts[1]), times > 0
        else {
            let places = Place.allCases.map(\.rawValue).joined(separator: ", ")
            throw SettingError(
                carrier: variable,
                value: text,
                why: "no such fault point",
                accepts: "one of \(places), a colon and the number of the time; it is for tests only"
            )
        }
        return FaultPoint(place, times: times)
    }

    /// Kills the process if this is the place and the time.
    func reach(_ place: Place) {
        if place == .journalAfterSegmentCreated, segments.add(1, ordering: .relaxed).oldValue == 0 { return }
        guard place == self.place, timesLeft.subtract(1, ordering: .relaxed).newValue == 0 else { return }
        kill(getpid(), SIGKILL)
    }
}
