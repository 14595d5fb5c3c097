/// The kinds of amounts in a trace, and which amounts are plausible. The only place that decides this, for the
/// histograms of `/metrics` and, through the stored columns, for every sum in SQL.
///
/// An implausible amount counts as absent, so that one odd row does not spoil a mean. The raw event keeps the sent
/// value.
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

    /// The used amount is at most this many times the requested one: beyond that, one of them has a wrong unit.
    static let mostOfRequest: Double = 1000

    /// The plausible amounts beside zero.
    private var range: ClosedRange<Double> {
        switch self {
        case .milliseconds: 1e-3...1e12
        case .cores: 1e-3...1e6
        case .bytes: 1...0x1p63
        case .percentOfCore: 1e-6...1e8
        case .percentOfHost: 1e-6...1e4
        }
    }

    /// The amount if it is plausible. Zero is plausible, and has no sign.
    func plausible(_ amount: Double?) -> Double? {
        guard let amount else { return nil }
        if amount == 0 { return 0 }
        return range.contains(amount) ? amount : nil
    }
}
