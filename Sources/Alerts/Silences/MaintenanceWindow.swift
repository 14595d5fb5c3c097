internal import Core

/// When a maintenance window is open.
enum MaintenanceWindow {
    static func isOpen(_ window: Silence.Window, at now: Timestamp) -> Bool {
        false
    }
}
