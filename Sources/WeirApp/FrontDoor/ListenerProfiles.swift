/// The profiles of listeners: whose answers are given where the protocols disagree. Design §3.
enum ListenerProfiles {
    /// Every name that may stand before `@`.
    static let all: Set<String> = ["nextflow", "runs", "metrics"]
}
