extension Double {
    /// The NaN by which Prometheus says that a series has ended. Another NaN is a value.
    static let staleMarker = Double(bitPattern: 0x7FF0_0000_0000_0002)

    /// Whether it is that NaN.
    var isStaleMarker: Bool { bitPattern == 0x7FF0_0000_0000_0002 }
}
