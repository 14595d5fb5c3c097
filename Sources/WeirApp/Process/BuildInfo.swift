/// The version and the build of this executable.
package enum BuildInfo {
    /// The version, as in the changelog.
    package static let version = "0.1.0"

    /// How it was built.
    package static var configuration: String {
        #if DEBUG
        "debug"
        #else
        "release"
        #endif
    }
}
