/// The profiles of listeners: they select a protocol's responses where protocols differ. Design §3.
enum ListenerProfiles {
    /// Every name that may be before `@`.
    static let all: Set<String> = ["nextflow", "runs", "metrics", "tower"]
}
