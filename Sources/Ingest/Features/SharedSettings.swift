package import Configuration

/// Settings that several features read.
package enum SharedSettings {
    /// In bytes.
    package static let maxPageBytes = Setting<Int>(
        "WEIR_MAX_PAGE_BYTES",
        .bytes((64 << 10)...(1 << 30)),
        default: "16MiB",
        "The bytes at which a page of a list ends, whatever its limit; its cursor leads on."
    )
}
