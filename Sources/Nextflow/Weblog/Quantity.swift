/// What kind of amount a trace tells, and which amounts are plausible. The one place that decides it, for the
/// histograms of `/metrics` and, through the columns that are written, for every sum in SQL.
///
/// An amount that is not plausible counts as absent: one odd row must not spoil a mean for everybody. The raw event
/// keeps what was sent.
enum Quantity {
    /// Up to 31 years.
    case milliseconds
    /// Up to a million.
    case cores
    /// Up to 8 EiB.
    case bytes
    /// Of one core, up to a million cores.
    case percentOfCore
    /// Of the memory of a host.
    case percentOfHost

    /// What was used is at most this many times what was requested: beyond it one of both has another unit.
    static let mostOfRequest: Double = 1000

    /// The amounts beside zero.
    private var range: ClosedRange<Double> {
        switch self {
        case .milliseconds: 1e-3...1e12
        case .cores: 1e-3...1e6
        case .bytes: 1...0x1p63
        case .percentOfCore: 1e-6...1e8
        case .percentOfHost: 1e-6...1e4
        }
    }

    /// The amount if it is plausible. Zero is, and has no sign.
    func plausible(_ amount: Double?) -> Double? {
        guard let amount else { return nil }
        if amount == 0 { return 0 }
        return range.contains(amount) ? amount : nil
    }
}
